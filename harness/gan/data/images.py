"""The images of a trial: found by the catalogue, decoded once, cut to a subset if one is asked."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from harness import rng
from harness.catalog import dataset
from harness.config.identity import digest
from harness.config.trial import DataConfig
from harness.errors import HarnessError
from harness.gan.data.source import Batch, Labels, Source, Split, Uint8
from harness.gan.data.store import Stored, stored
from harness.registry import Registry

CHUNK = 1024  # images copied at a time


class Images(NamedTuple):
    """Real images as uint8 (N, H, W, C) memory maps, with labels (N,) where there are any."""

    train: Uint8
    validation: Uint8
    train_labels: Labels | None
    validation_labels: Labels | None
    identity: str  # of the validation images, by content: source, split, crop and size
    notes: tuple[str, ...]  # what a user should know, such as the files that are unreadable


def load_images(data: DataConfig, cache: Path) -> Images:
    """Load the images that `data` names; nothing here depends on the training seed."""
    spec = dataset(data.name)
    # a table of one line, for the loading that all tables of names share
    load: Callable[[DataConfig, Path], Source]
    load = Registry("data set", {data.name: spec}).load(data.name)
    source = load(data, cache)
    validation = stored(source.validation, cache)
    train = stored(source.train, cache)
    if data.train_images is not None:
        train = _subset(train, source.train.identity, data, cache)
    return Images(
        train.images,
        validation.images,
        train.labels,
        validation.labels,
        digest(source.validation.identity),
        tuple(dict.fromkeys(train.notes + validation.notes)),
    )


def _subset(whole: Stored, identity: str, data: DataConfig, cache: Path) -> Stored:
    wanted, available = data.train_images or 0, len(whole.images)
    if wanted > available:
        raise HarnessError(
            f"data.train_images: {wanted} images are asked for, and split {data.train_split!r} of "
            f"{data.name} has {available}"
        )
    if wanted == available:
        return whole
    stream = rng.generator(data.subset_seed, "data", "subset")
    # one permutation a seed: a smaller subset is part of a larger one
    chosen = sorted(stream.permutation(available)[:wanted])

    def batches(notes: list[str]) -> Iterator[Batch]:
        notes.extend(whole.notes)
        for start in range(0, wanted, CHUNK):
            part = chosen[start : start + CHUNK]
            yield whole.images[part], None if whole.labels is None else whole.labels[part]

    return stored(Split(f"{identity} subset {wanted} of seed {data.subset_seed}", batches), cache)
