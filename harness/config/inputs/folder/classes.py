"""The classes of a folder's pictures: sub-folders, or StyleGAN2-ADA's dataset.json.

Either all pictures have a class or none has; then a message says why.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from harness.config.inputs.folder.files import LABELS, Listing, Picture, listed, shown
from harness.core.errors import HarnessError

Parts = Sequence[Sequence[Picture]]
NAMED = 5  # names in a sentence; the rest is counted
PLAIN = "it has no sub-folders with images"  # nothing odd: a folder of pictures


class Classes(NamedTuple):
    """The class of each picture, by name."""

    of: Mapping[str, int] | None  # None: there are no classes
    names: tuple[str, ...]
    why: str  # there are none
    notes: tuple[str, ...]  # what is odd about them

    def counts(self, pictures: Sequence[Picture]) -> dict[str, int]:
        """Number of pictures per class; empty if there are no classes."""
        if self.of is None:
            return {}
        counted = Counter(self.of[picture.name] for picture in pictures)
        return {name: counted[number] for number, name in enumerate(self.names)}


def find_classes(
    tree: Listing, parts: Parts, places: Sequence[str], sides: Sequence[str]
) -> Classes:
    """The classes of the pictures of both splits; `places`: the folder of each split."""
    files = [tree.labels[place] for place in dict.fromkeys(("", *places)) if place in tree.labels]
    if files:
        return _from_files(tree, files, parts, sides)
    named: dict[str, str] = {}
    strays: list[str] = []
    for part, place in zip(parts, places, strict=True):
        for picture in part:
            folder, slash, _ = _below(picture.name, place).partition("/")
            if slash:
                named[picture.name] = folder
            else:
                strays.append(picture.name)
    if strays:
        why = f"{len(strays)} are outside the class folders: {listed(strays, NAMED)}"
        return _none(why if named else PLAIN)
    known = set(named.values())
    if len(known) < 2:
        return _none(f"all of them are in one sub-folder, {shown(*known)}")
    empty = _top(tree, places) - known
    notes = [f"class folders without an image: {listed(sorted(empty), NAMED)}"] if empty else []
    return _numbered(named, parts, sides, notes)


def _numbered(
    named: Mapping[str, str], parts: Parts, sides: Sequence[str], notes: list[str]
) -> Classes:
    """Classes numbered in the order of their names, with the same numbers in both splits."""
    names = sorted(set(named.values()))
    numbers = {name: number for number, name in enumerate(names)}
    labels = {picture: numbers[name] for picture, name in named.items()}
    result = Classes(labels, tuple(shown(name) for name in names), "", ())
    return result._replace(notes=(*notes, *_odd(result, parts, sides)))


def _odd(classes: Classes, parts: Parts, sides: Sequence[str]) -> Iterator[str]:
    counts = [classes.counts(part) for part in parts]
    for side, counted, other in zip(sides, counts, counts[::-1], strict=True):
        if absent := [name for name in classes.names if not counted[name] and other[name]]:
            yield f"classes without images in split {side!r}: {listed(absent, NAMED)}"
        if single := [name for name in classes.names if counted[name] == 1]:
            yield f"classes with a single image in split {side!r}: {listed(single, NAMED)}"


def _none(why: str, *notes: str) -> Classes:
    return Classes(None, (), why, notes)


def _below(name: str, place: str) -> str:
    return name.removeprefix(f"{place}/") if place else name


def _top(tree: Listing, places: Sequence[str]) -> set[str]:
    """The folders that would be classes."""
    inner = (
        _below(name, place)
        for place in places
        for name in tree.folders
        if not place or name.startswith(f"{place}/")
    )
    return {name for name in inner if "/" not in name}


def _from_files(
    tree: Listing, files: Sequence[Picture], parts: Parts, sides: Sequence[str]
) -> Classes:
    """The classes in dataset.json; its folders are shards without meaning."""
    given: dict[str, Any] = {}
    for file in files:
        entries = _entries(file)
        if entries is None:
            return _none(f"{shown(file.name)} has no labels (`labels` is null)")
        prefix = file.name.removesuffix(LABELS)
        given.update({f"{prefix}{name}": label for name, label in entries})
    pictures = {picture.name for part in parts for picture in part}
    absent = sorted(set(given) - {picture.name for picture in tree.pictures})
    notes = [f"{LABELS} names {len(absent)} images that do not exist: {listed(absent, NAMED)}"]
    notes = notes if absent else []
    if without := sorted(pictures - set(given)):
        lacking = f"{LABELS} has no label for {len(without)} of them: {listed(without, NAMED)}"
        return _none(lacking, *notes)
    numbers_of = {name: _class(given[name]) for name in pictures}
    if strange := sorted(name for name, number in numbers_of.items() if number is None):
        what = "a whole number or a one-hot vector"
        return _none(f"labels of {LABELS} are not {what}: {_example(strange[0], given)}", *notes)
    named = {name: number for name, number in numbers_of.items() if number is not None}
    if len(set(named.values())) < 2:
        return _none(f"{LABELS} gives all of them the same class", *notes)
    numbers = sorted(set(named.values()))
    width = len(str(numbers[-1]))  # so that the order of names is that of numbers
    return _numbered({n: f"{number:0{width}}" for n, number in named.items()}, parts, sides, notes)


def _entries(file: Picture) -> list[tuple[str, Any]] | None:
    """The rows of dataset.json; None if it has no labels."""
    try:
        document = json.loads(file.read())
    except (OSError, ValueError, RecursionError) as error:
        raise _wrong(file, f"is not valid JSON ({error})") from None
    if not isinstance(document, dict) or "labels" not in document:
        raise _wrong(file, "has no key `labels`")
    rows = document["labels"]
    if rows is None:
        return None
    if not isinstance(rows, list):
        raise _wrong(file, "has `labels` that are not a list")
    for row in rows:
        if not (isinstance(row, list) and len(row) == 2 and isinstance(row[0], str)):
            raise _wrong(file, f"has a label that is not [file name, class]: {str(row)[:80]}")
    return [(row[0].replace("\\", "/"), row[1]) for row in rows]


def _class(label: Any) -> int | None:
    """The number of a class: a whole number, or the position of the 1 in a one-hot vector; else
    None.
    """
    if isinstance(label, int) and not isinstance(label, bool) and label >= 0:
        return label
    numbers = isinstance(label, list) and all(isinstance(value, int | float) for value in label)
    if numbers and sorted(label) == [0] * (len(label) - 1) + [1]:
        return int(label.index(1))
    return None


def _example(name: str, given: Mapping[str, Any]) -> str:
    return f"{shown(name)} has {str(given[name])[:60]}"


def _wrong(file: Picture, what: str) -> HarnessError:
    return HarnessError(
        f"data.path: {shown(file.name)} {what}; correct it (StyleGAN2-ADA's format is "
        '{"labels": [["00000/img00000000.png", 3], ...]}), or remove it to use sub-folders as '
        "classes"
    )
