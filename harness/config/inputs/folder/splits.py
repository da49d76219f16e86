"""A folder of images as a data set: which are trained on, which validate, and their classes."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.config.inputs.folder.classes import PLAIN, Classes, find_classes
from harness.config.inputs.folder.files import Listing, Picture, listed, listing, place, shown, told
from harness.config.trial import DataConfig
from harness.core.errors import HarnessError, unknown
from harness.core.format import count

DECODING = 2
"""Raised when the same files would be decoded to other pixels: part of `data.content`, and so of
the keys and metric identities of folders, and of nothing else."""
HELD_OUT = DataConfig().validation_fraction
USUAL = ("train", "test")  # where no sub-folder is named so, a share is held out
NAMED = 20  # files named in a sentence; the rest is counted
TRAINING = frozenset({"train", "training", "trn"})
OTHERS = frozenset({"test", "testing", "tst", "val", "valid", "validation", "eval", "dev"})

Digest = Callable[[Picture], str]


@dataclass(frozen=True)
class Folder:
    """The images at `data.path`, not decoded."""

    root: Path
    parts: tuple[list[Picture], list[Picture]]  # training and validation
    sides: tuple[str, str]  # what each is called
    rules: tuple[str, str]  # how each was chosen, as part of its identity
    classes: Classes
    content: str  # digest of names, contents and labels, and of how they are decoded
    left_out: Mapping[str, list[str]]  # by reason
    notes: tuple[str, ...]

    def identity(self, side: int, size: int) -> str:
        """Identity of the decoded images of a split."""
        return f"folder {self.content} {self.rules[side]} centre_square {size} px"

    @property
    def told(self) -> tuple[str, ...]:
        """Notes for the user on files left out and on irregularities."""
        left = (f"{len(n)} left out, {why}: {listed(n, NAMED)}" for why, n in self.left_out.items())
        odd = self.classes.of is None and self.classes.why != PLAIN
        none = (f"no classes: {self.classes.why}",) if odd else ()
        return (*left, *none, *self.classes.notes, *self.notes)

    def need_classes(self, what: str, instead: str) -> int:
        """Number of classes, or an error if `what` needs them and there are none."""
        if self.classes.of is None:
            raise HarnessError(
                f"{what}: the images in {shown(self.root)} have no labels, as {self.classes.why}; "
                "put each class into its own sub-folder, in both splits, or give all images a "
                f"label in dataset.json, or {instead}"
            )
        return len(self.classes.names)


def survey(data: DataConfig, digest: Digest) -> Folder:
    """Look at a folder; `digest` gives the SHA-256 of a file's content."""
    root = place(data.path or "")
    tree = listing(root)
    names = (data.train_split, data.validation_split)
    contents = {picture: digest(picture) for picture in tree.pictures}
    notes: list[str] = []
    if places := _split_folders(tree, names):
        parts = _inside(tree, places[0]), _inside(tree, places[1])
        _need_images(tree, parts, places)
        notes += _shared(parts, contents, names)
        if data.validation_fraction != HELD_OUT:
            notes.append("data.validation_fraction has no effect: sub-folders are the splits")
        rules = sides = names
    else:
        parts = _hold_out(root, tree.pictures, contents, data.validation_fraction)
        places, sides = ("", ""), ("rest", "hold-out")
        rules = (f"rest of {data.validation_fraction}", f"hold-out of {data.validation_fraction}")
    used = {picture for part in parts for picture in part}
    if idle := [picture.name for picture in tree.pictures if picture not in used]:
        are = "is" if len(idle) == 1 else "are"
        notes.append(f"{count(len(idle), 'image')} {are} in neither split: {listed(idle, NAMED)}")
    return Folder(
        root,
        parts,
        sides,
        rules,
        find_classes(tree, parts, places, sides),
        _content(tree, contents, digest),
        tree.left_out,
        tuple(notes),
    )


def count_training(data: DataConfig) -> int:
    """How many files are trained on, read only where their contents decide it."""
    root = place(data.path or "")
    tree = listing(root)
    if places := _split_folders(tree, (data.train_split, data.validation_split)):
        return len(_inside(tree, places[0]))
    contents = {picture: read_digest(picture) for picture in tree.pictures}
    return len(_hold_out(root, tree.pictures, contents, data.validation_fraction)[0])


def read_digest(picture: Picture) -> str:
    """The SHA-256 of a file's content, found by reading it; empty where that is impossible."""
    try:
        return hashlib.sha256(picture.read()).hexdigest()
    except OSError:
        return ""


def _content(tree: Listing, contents: Mapping[Picture, str], digest: Digest) -> str:
    lines = [f"decoding {DECODING}"]
    lines += [f"{picture.name}\0{content}" for picture, content in contents.items()]
    lines += [f"{file.name}\0{digest(file)}" for _, file in sorted(tree.labels.items())]
    total = hashlib.sha256()
    for line in lines:
        total.update(f"{line}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()[:16]


def _inside(tree: Listing, folder: str) -> list[Picture]:
    return [picture for picture in tree.pictures if picture.name.startswith(f"{folder}/")]


def _split_folders(tree: Listing, names: tuple[str, str]) -> tuple[str, str] | None:
    """The sub-folders that are the splits; None where a share is held out instead."""
    there = [name for name in names if name in tree.folders]
    if len(there) == 2:
        return names
    top = sorted(name for name in tree.folders if "/" not in name)
    if len(there) == 1:
        missing = next(name for name in names if name not in there)
        raise HarnessError(
            f"data.path: {shown(tree.root)} has a sub-folder {there[0]!r} but none named "
            f"{missing!r}; name both with data.train_split and data.validation_split, or neither "
            f"(sub-folders: {listed(top, NAMED)})"
        )
    if names != USUAL:
        knob = "data.train_split" if names[0] != USUAL[0] else "data.validation_split"
        missing = names[0] if names[0] != USUAL[0] else names[1]
        what = unknown(f"sub-folder of {shown(tree.root)}", missing, top)
        raise HarnessError(
            f"{knob}: {what}; leave out both splits to hold out a share of all images"
        )
    _check_alike(tree, top, names)
    return None


def _check_alike(tree: Listing, top: Sequence[str], names: tuple[str, str]) -> None:
    """An error where sub-folders look like splits with other names, and would become classes."""
    train = [name for name in top if name.casefold() in TRAINING | {names[0].casefold()}]
    other = [name for name in top if name.casefold() in OTHERS | {names[1].casefold()}]
    if train and other:
        raise HarnessError(
            f"data.path: {shown(tree.root)} has sub-folders {train[0]!r} and {other[0]!r}, which "
            f"look like splits but are not named {names[0]!r} and {names[1]!r}: set "
            f"data.train_split: {train[0]} and data.validation_split: {other[0]}, or rename them"
        )
    if len(top) == 1 and all(f"{top[0]}/{name}" in tree.folders for name in names):
        raise HarnessError(
            f"data.path: the splits lie one folder deeper than {shown(tree.root)}: set data.path: "
            f"{shown(tree.root / top[0])}"
        )


def _need_images(tree: Listing, parts: Sequence[list[Picture]], names: Sequence[str]) -> None:
    for part, name in zip(parts, names, strict=True):
        if not part:
            raise HarnessError(
                f"data.path: the sub-folder {name!r} of {shown(tree.root)} contains no images"
                f"{told(dict(tree.left_out))}"
            )


def _shared(
    parts: Sequence[list[Picture]], contents: Mapping[Picture, str], names: Sequence[str]
) -> list[str]:
    """A note on files in both splits; an error if all validation images are training images."""
    train = {contents[picture] for picture in parts[0]}
    both = [p.name for p in parts[1] if contents[p] and contents[p] in train]
    if both and len(both) == len(parts[1]):
        raise HarnessError(
            f"data.path: all {_also(both, names)}; "
            "validation images must differ from training images"
        )
    if not both:
        return []
    return [f"{_also(both, names)}: {listed(both, NAMED)}"]


def _also(both: Sequence[str], names: Sequence[str]) -> str:
    """That images of the one split are also in the other."""
    images = f"{count(len(both), 'image')} of {names[1]!r}"
    return f"{images} {'is' if len(both) == 1 else 'are'} also in {names[0]!r}"


def _hold_out(
    root: Path, files: list[Picture], contents: Mapping[Picture, str], fraction: float
) -> tuple[list[Picture], list[Picture]]:
    """Split by content: the held-out images do not depend on names and folders.

    Copies of one file are in the same split.
    """
    unique = sorted(set(contents.values()))
    count = max(1, round(fraction * len(unique)))
    if len(unique) <= count:
        raise HarnessError(
            f"data.path: {shown(root)}: {len(unique)} different images are too few to hold out "
            f"{fraction} of them (data.validation_fraction)"
        )
    from harness.core import rng  # here, since NumPy is slow to load and few plans need it

    order = rng.generator(0, "data", "hold_out").permutation(len(unique))
    held = {unique[i] for i in order[:count]}
    rest = [file for file in files if contents[file] not in held]
    return rest, [file for file in files if contents[file] in held]
