"""The images of a trial: found by the catalogue, decoded once, cut to a subset if one is asked."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from harness.config.catalog import DATASETS, OTHER_TFDS
from harness.config.identity import digest
from harness.config.inputs.facts import Counted, image_facts
from harness.config.inputs.folder import Folder
from harness.config.inputs.images import subset
from harness.config.trial import DataConfig
from harness.core import rng
from harness.core.errors import HarnessError
from harness.core.registry import Registry
from harness.gan.data.source import Batch, Labels, Source, Split, Told, Uint8
from harness.gan.data.store import Stored, stored

CHUNK = 1024  # images copied at a time


class Images(NamedTuple):
    """Real images as uint8 (N, H, W, C) memory maps, with labels (N,) where there are any."""

    train: Uint8
    validation: Uint8
    train_labels: Labels | None
    validation_labels: Labels | None
    identity: str  # of the validation images, by content: source, split, crop and size
    notes: tuple[str, ...]  # what a user should know, such as the files that are unreadable
    facts: Mapping[str, Any]  # how many of what, as `image_facts` gives them
    folder: Folder | None  # what lies at data.path
    train_identity: str  # of the training images, the choice of a subset included


class Found(NamedTuple):
    """The identity of a data set's splits, by which decoded images are stored, and its facts."""

    train: str  # identity of the split
    validation: str
    notes: tuple[str, ...]
    facts: Mapping[str, Any]


_found: dict[str, Found] = {}  # loaded by this process, by the settings of the data
_elsewhere: dict[str, Found] = {}  # loaded by another machine, which has sent decoded images


def found() -> dict[str, Found]:
    """The data sets that this process has loaded, by the JSON of their settings."""
    return dict(_found)


def found_elsewhere(known: Mapping[str, Found]) -> None:
    """Read these data sets from the cache, where another machine has decoded them."""
    _elsewhere.update(known)


def load_images(data: DataConfig, cache: Path) -> Images:
    """Load the images that `data` names; nothing here depends on the training seed."""
    name = data.model_dump_json()
    known = _elsewhere.get(name)
    source = _sent(known) if known else _source(data, cache)
    validation = stored(source.validation, cache)
    whole = stored(source.train, cache)
    train = _subset(whole, source.train.identity, data, cache)
    if known is None:
        counts = [
            Counted(len(one.images), _counts(one.labels, source)) for one in (whole, validation)
        ]
        told = source.folder.told if source.folder else ()
        facts = image_facts(data, source.folder, cache, counts)
        known = _found[name] = Found(
            source.train.identity, source.validation.identity, tuple(told), facts
        )
    return Images(
        train=train.images,
        validation=validation.images,
        train_labels=train.labels,
        validation_labels=validation.labels,
        identity=digest(source.validation.identity),
        notes=tuple(dict.fromkeys((*known.notes, *whole.notes, *validation.notes))),
        facts=known.facts,
        folder=source.folder,
        train_identity=digest([source.train.identity, data.train_images, data.subset_seed]),
    )


def _source(data: DataConfig, cache: Path) -> Source:
    # of TFDS there are sets that no table names
    others = Registry("data set", {data.name: OTHER_TFDS})
    table = others if data.name.startswith("tfds:") else DATASETS
    load: Callable[[DataConfig, Path], Source] = table.load(data.name)
    return load(data, cache)


def _sent(known: Found) -> Source:
    """Splits of which only the decoded images are here."""

    def split(identity: str) -> Split:
        def batches(told: Told) -> Iterator[Batch]:
            raise HarnessError(f"decoded images ({identity}): those that were sent are damaged")

        return Split(identity, batches)

    return Source(split(known.train), split(known.validation))


def _counts(labels: Labels | None, source: Source) -> dict[str, int]:
    """Images of each class, by its name or number."""
    if labels is None:
        return {}
    if source.folder is not None:
        names = source.folder.classes.names
        return dict(zip(names, np.bincount(labels, minlength=len(names)).tolist(), strict=True))
    return {str(number): count for number, count in enumerate(np.bincount(labels).tolist())}


def _subset(whole: Stored, identity: str, data: DataConfig, cache: Path) -> Stored:
    available = len(whole.images)
    wanted = subset(data, available)
    if wanted == available:
        return whole
    stream = rng.generator(data.subset_seed, "data", "subset")
    # one permutation a seed: a smaller subset is part of a larger one
    chosen = sorted(stream.permutation(available)[:wanted])

    def batches(told: Told) -> Iterator[Batch]:
        told.notes.extend(whole.notes)
        for start in range(0, wanted, CHUNK):
            part = chosen[start : start + CHUNK]
            yield whole.images[part], None if whole.labels is None else whole.labels[part]

    return stored(Split(f"{identity} subset {wanted} of seed {data.subset_seed}", batches), cache)
