"""Image counts of a trial, and whether they suffice: one check for plan and run."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harness.config.catalog import DATASETS, PROTOCOLS, TFDS, dataset
from harness.config.identity import digest
from harness.config.inputs.folder import Folder
from harness.config.inputs.prepared import spec
from harness.config.specs import DatasetSpec
from harness.config.trial import DataConfig, TrialConfig
from harness.core.errors import HarnessError, unknown
from harness.core.files import read_json

DECODING = 1
"""Raised if a TFDS data set or the digits are decoded to other pixels. For folders, see
`config/inputs/folder`.
"""
SMALLEST_BATCH = 2  # that `training.batch_size` may be
MINIMUM = 6  # validation images: coverage looks at five neighbours, KID at halves
SPLIT = re.compile(r"(\w+)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?")  # TFDS's; anything else is left to it
Range = tuple[str, int, int]  # split, first image, end


class Known(NamedTuple):
    """Numbers of images of the two splits; None: counted when loaded."""

    train: int | None
    validation: int | None


def decoded(identity: str, cache: Path) -> Path:
    """The folder of the decoded images of a split."""
    return cache / "data" / digest([DECODING, identity])


def about(identity: str, cache: Path) -> Mapping[str, Any]:
    """Facts recorded when a split was decoded; empty before."""
    recorded: Mapping[str, Any] | None = read_json(decoded(identity, cache) / "about.json")
    return recorded or {}


def known(data: DataConfig, folder: Folder | None, cache: Path) -> Known:
    """Number of images: as decoded, else as counted in a folder or stated in the catalogue."""
    if folder is None:
        names = (data.train_split, data.validation_split)
        return Known(*(size(ranges(name, spec(data.name))) for name in names))
    parts = enumerate(folder.parts)
    sizes = (
        about(folder.identity(side, data.image_size), cache).get("images", len(part))
        for side, part in parts
    )
    return Known(*sizes)


def check(config: TrialConfig, folder: Folder | None, cache: Path) -> None:
    """Raise errors of loading, training or scoring that can be known in advance."""
    check_splits(config.data)
    if config.evaluation.encoder == "classifier":
        check_classifier(config.data, folder, _labelled(config.data, folder))
    sizes = known(config.data, folder, cache)
    if sizes.train is not None:
        check_batch(config.training.batch_size, subset(config.data, sizes.train))
    if sizes.validation is not None:
        scored(config, sizes.validation)


def _labelled(data: DataConfig, folder: Folder | None) -> bool:
    """Whether there are labels, or may be: other TFDS sets tell when they are loaded."""
    if folder is not None:
        return folder.classes.of is not None
    return data.name not in DATASETS or dataset(data.name).classes is not None


def check_classifier(data: DataConfig, folder: Folder | None, labelled: bool) -> None:
    """Raise an error if the encoder `classifier` is used without labels."""
    instead = "set evaluation.encoder to inception_v3 or a saved Keras model"
    if labelled:
        return
    if folder is not None:
        folder.need_classes("evaluation.encoder: the classifier needs labels", instead)
    raise HarnessError(
        f"evaluation.encoder: the classifier needs labels, and data set {data.name} has none; "
        f"{instead}"
    )


def check_splits(data: DataConfig) -> None:
    """Raise an error if a split of a built-in data set is unknown, empty or overlapping."""
    known = spec(data.name)
    if not known.splits:
        return
    asked = [("data.train_split", data.train_split)]
    asked += [("data.validation_split", data.validation_split)]
    for knob, split in asked:
        _check_names(knob, split, data.name, known)
        if size(ranges(split, known)) == 0:
            raise HarnessError(f"{knob}: {split!r} of {data.name} contains no images")
    train, validation = (ranges(split, known) or [] for _, split in asked)
    if shared := overlap(train, validation):
        raise HarnessError(
            f"data.train_split {data.train_split!r} and data.validation_split "
            f"{data.validation_split!r} share {shared} images of {data.name}"
        )


def _check_names(knob: str, split: str, name: str, known: DatasetSpec) -> None:
    if known.target != TFDS:
        if split not in known.splits:
            raise HarnessError(f"{knob}: {unknown(f'split of {name}', split, known.splits)}")
        return
    for part in split.split("+"):
        whole = SPLIT.fullmatch(part.strip())
        if whole and whole[1] not in (*known.splits, "all"):
            raise HarnessError(f"{knob}: {unknown(f'split of {name}', whole[1], known.splits)}")


def overlap(one: list[Range], other: list[Range]) -> int:
    """Number of images that two splits share."""
    return sum(
        max(0, min(end, stop) - max(first, start))
        for name, first, end in one
        for again, start, stop in other
        if name == again
    )


def ranges(split: str, known: DatasetSpec) -> list[Range] | None:
    """The ranges of an expression such as train[:50%]+test; None if only TFDS knows."""
    parts = []
    for part in split.split("+"):
        match = SPLIT.fullmatch(part.strip())
        if match is None or match[1] not in known.splits:
            return None
        count = known.splits[match[1]]
        first, end, _ = slice(*(_bound(text, count) for text in match.groups()[1:])).indices(count)
        parts.append((match[1], first, end))
    return parts


def _bound(text: str | None, count: int) -> int | None:
    if text is None:
        return None
    return round(int(text[:-1]) * count / 100) if text.endswith("%") else int(text)


def size(parts: list[Range] | None) -> int | None:
    """Number of images of a split expression; None if only TFDS knows."""
    return None if parts is None else sum(max(0, end - first) for _, first, end in parts)


def subset(data: DataConfig, available: int) -> int:
    """Number of training images, or an error if more are requested than there are."""
    wanted = data.train_images or available
    if wanted > available:
        raise HarnessError(
            f"data.train_images: {wanted} is more than the {available} images of "
            f"{_set(data, data.train_split)}: set data.train_images: {available}, or leave it out"
        )
    return wanted


def _set(data: DataConfig, split: str) -> str:
    return "the folder" if data.name == "folder" else f"split {split!r} of {data.name}"


def check_batch(batch: int, images: int) -> None:
    """Raise an error if a batch is larger than the data set."""
    if batch > images:
        remedy = f"train on {SMALLEST_BATCH} images or more"
        if images >= SMALLEST_BATCH:
            fitting = 2 ** (images.bit_length() - 1)
            remedy = f"set training.batch_size: {fitting}, or train on more images"
        raise HarnessError(
            f"training.batch_size: {batch} is more than the {images} training images: {remedy}"
        )


def scored(config: TrialConfig, available: int) -> int:
    """Number of validation images, and of generated ones; an error if too few."""
    asked, protocol = config.evaluation.samples, config.evaluation.protocol or ""
    split = config.data.validation_split
    block = PROTOCOLS[protocol].block
    if (asked or 0) > available:
        least = block or MINIMUM
        most = available // least * least if block else available
        raise HarnessError(
            f"evaluation.samples: {asked} is more than the {available} images of "
            f"{_set(config.data, split)}: "
            + (f"set evaluation.samples: {most}" if most >= least else _remedy(config, available))
        )
    wanted = asked or available
    count = wanted // block * block if block else wanted
    if count < MINIMUM:
        raise HarnessError(
            f"evaluation.samples: {wanted} validation images are too few for protocol {protocol}, "
            f"which needs at least {block or MINIMUM}: {_remedy(config, available)}"
        )
    return count


def _remedy(config: TrialConfig, available: int) -> str:
    """Advice on the settings with which so many validation images suffice."""
    least = PROTOCOLS[config.evaluation.protocol or ""].block or MINIMUM
    if available >= least:
        return f"set evaluation.samples: {available // least * least}, or leave it out"
    if available < MINIMUM:
        fewer = f", or with {MINIMUM} and evaluation.protocol: subsets" if least > MINIMUM else ""
        return f"validate with {least} or more{fewer}"
    return (
        f"set evaluation.protocol: subsets and evaluation.subset_size: {available}, or validate "
        f"with {least} or more"
    )
