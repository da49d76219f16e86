"""A folder or archive of images: its files, splits and classes. Nothing is decoded."""

from harness.config.inputs.folder.files import Picture, listed, place, shown
from harness.config.inputs.folder.splits import (
    DECODING,
    Folder,
    count_training,
    read_digest,
    survey,
)

__all__ = [
    "DECODING",
    "Folder",
    "Picture",
    "count_training",
    "listed",
    "place",
    "read_digest",
    "shown",
    "survey",
]
