"""Decoded images on disk: made once whatever number of processes asks, read by memory map.

<cache>/data/<digest>/ holds images.npy (uint8, N x H x W x C), labels.npy where there are labels,
and about.json; it appears whole, by a rename.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from harness.config.identity import digest
from harness.errors import HarnessError
from harness.files import read_json, write_json
from harness.gan.data.source import Labels, Split, Uint8

DECODING = 1  # raised when the same source would be decoded to other pixels


class Stored(NamedTuple):
    """The decoded images of one split: (N, H, W, C), (N,)."""

    images: Uint8  # a memory map
    labels: Labels | None
    notes: tuple[str, ...]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`, so that what costs time is made by one process only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise HarnessError(f"{path.parent}: the cache cannot be written ({error})") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield  # closing the file, or dying, frees the lock


def stored(split: Split, cache: Path) -> Stored:
    """The images of `split`, decoded now if they never were."""
    folder = cache / "data" / digest([DECODING, split.identity])
    if not folder.exists():
        with locked(folder.with_suffix(".lock")):
            if not folder.exists():  # another process may have been first
                _build(split, folder)
    about = read_json(folder / "about.json")
    labels = folder / "labels.npy"
    return Stored(
        np.load(folder / "images.npy", mmap_mode="r"),
        np.load(labels) if labels.exists() else None,
        tuple(about["notes"]),
    )


def _build(split: Split, folder: Path) -> None:
    temporary = folder.with_name(f".{folder.name}.tmp")  # one builder at a time: it has the lock
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        notes: list[str] = []
        labels = _write_images(temporary / "images.npy", split, notes)
        if labels is not None:
            np.save(temporary / "labels.npy", labels)
        write_json(temporary / "about.json", {"identity": split.identity, "notes": notes})
        temporary.replace(folder)
    except OSError as error:
        raise HarnessError(f"{folder}: decoded images cannot be stored ({error})") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_images(path: Path, split: Split, notes: list[str]) -> Labels | None:
    count, shape = 0, ()
    labels: list[Labels] = []
    with path.open("wb") as file:
        for images, batch_labels in split.batches(notes):
            if not count:
                shape = images.shape[1:]
                _write_header(file, 0, shape)
            file.write(np.ascontiguousarray(images).data)
            count += len(images)
            if batch_labels is not None:
                labels.append(batch_labels)
        if not count:
            told = f" ({'; '.join(notes)})" if notes else ""
            raise HarnessError(f"{split.identity}: there is no image to load{told}")
        file.seek(0)
        _write_header(file, count, shape)  # as long as before: NumPy leaves room for the count
        file.flush()
        os.fsync(file.fileno())
    return np.concatenate(labels).astype(np.int64) if labels else None


def _write_header(file: BinaryIO, count: int, shape: tuple[int, ...]) -> None:
    fields = {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
    np.lib.format.write_array_header_1_0(file, fields)
