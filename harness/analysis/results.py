"""Results from elsewhere: a table of treatments by blocks, and what is to be known of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.analysis.delimited import Row, read_sheet
from harness.analysis.fields import name_mistake, number, same, shown, suspicious
from harness.core.errors import HarnessError, unknown
from harness.core.format import whole

MOST_NUMBERS = 10_000_000  # differences of all pairs by block that fit into memory
MOST_BLOCKS = 2_000


class Results(NamedTuple):
    """Numbers by block and treatment, and what a reader of their ranking must know."""

    table: pd.DataFrame  # (blocks, treatments) that have a result; NaN where a pair has none
    without: Sequence[str]  # treatments that are named and have no result
    notes: Sequence[str]


class _Read:
    """Names by what makes two of them one, and values by (block, treatment).

    `source` is where they are from, and `unit` what one value of it is called, for messages.
    """

    def __init__(self, source: str, unit: str, names: tuple[str, str, str]) -> None:
        self.source, self.unit = source, unit
        self.treatment, self.block, self.value = names
        self.named: dict[str, dict[str, dict[str, None]]] = {name: {} for name in names[:2]}
        self.numbers: dict[tuple[str, str], tuple[float, object]] = {}
        self.missing: Counter[str] = Counter()

    def name(self, kind: str, line: object, text: str) -> str:
        if mistake := name_mistake(text):
            raise HarnessError(f"{self.source}, {self.unit} {line}: {kind} {mistake}")
        written = self.named[kind].setdefault(same(text), {})
        written.setdefault(text)
        return next(iter(written))

    def add(self, line: object, treatment: str, block: str, value: str) -> None:
        place = f"{self.source}, {self.unit} {line}"
        try:
            parsed = number(value)
        except ValueError as error:
            raise HarnessError(f"{place}: {self.value} {error}") from None
        if parsed is None:
            self.missing[value] += 1
            for kind, name in ((self.block, block), (self.treatment, treatment)):
                if name:
                    self.name(kind, line, name)
            return
        pair = self.name(self.block, line, block), self.name(self.treatment, line, treatment)
        if pair in self.numbers:
            named = f"{self.treatment} {shown(pair[1])} in {self.block} {shown(pair[0])}"
            raise HarnessError(
                f"{place}: a second value of {named}, whose first is in {self.unit} "
                f"{self.numbers[pair][1]}; there is one of each (average repeats, or name them in "
                "the block)"
            )
        self.numbers[pair] = parsed, line

    def all(self, kind: str) -> list[str]:
        # sorted, so that the order of the lines changes nothing
        return sorted(next(iter(written)) for written in self.named[kind].values())


def read_results(path: Path, treatment: str, block: str, value: str) -> Results:
    """Read a file in which a row holds one value of a treatment in a block.

    Every mistake is a HarnessError that names the file and its line or column.
    """
    names = (treatment.strip(), block.strip(), value.strip())
    _check_apart(dict(zip(("--treatment", "--block", "--value"), names, strict=True)))
    sheet = read_sheet(path, names)
    places = [list(sheet.header.fields).index(name) for name in names]
    read = _Read(str(path), "line", names)
    for row in sheet.rows:
        read.add(row.line, *(row.fields[place] for place in places))
    return _results(read, _comments(sheet.rows))


def read_frame(frame: pd.DataFrame, treatment: str, block: str, value: str) -> Results:
    """Read a frame in which a row holds one value of a treatment in a block, as `read_results`."""
    named = {"treatment": treatment, "block": block, "value": value}
    columns = [str(column) for column in frame.columns]
    for option, name in named.items():
        if name not in columns:
            raise HarnessError(f"rank({option}): {unknown('column', name, columns)}")
        if columns.count(name) > 1:
            raise HarnessError(
                f"rank({option}): the frame has {columns.count(name)} columns {name}"
            )
    _check_apart(named)
    read = _Read("the frame", "row", (treatment, block, value))
    wanted = frame.iloc[:, [columns.index(name) for name in named.values()]]
    for row in wanted.itertuples(name=None):
        line, *fields = row
        read.add(line, *(_text(field) for field in fields))
    return _results(read, [])


def _text(field: Any) -> str:
    """The field as text: every digit of a number; empty if there is no value."""
    if pd.api.types.is_scalar(field) and pd.isna(field):
        return ""
    whole = not isinstance(field, Real) or isinstance(field, Integral)
    return str(field) if whole else repr(float(field))


def _check_apart(named: Mapping[str, str]) -> None:
    for (option, name), (other, twin) in combinations(named.items(), 2):
        if name == twin:
            raise HarnessError(f"{option} and {other} are one column, {name!r}; name two")


def _results(read: _Read, comments: Sequence[str]) -> Results:
    given_blocks, given = ({pair[side] for pair in read.numbers} for side in (0, 1))
    blocks = [name for name in read.all(read.block) if name in given_blocks]
    treatments = [name for name in read.all(read.treatment) if name in given]
    without = [name for name in read.all(read.treatment) if name not in given]
    _check_size(read, treatments, blocks, without)
    empty = [name for name in read.all(read.block) if name not in given_blocks]
    values = np.full((len(blocks), len(treatments)), np.nan)
    at = ({name: i for i, name in enumerate(side)} for side in (blocks, treatments))
    row_of, column_of = at
    for (block, treatment), (result, _) in read.numbers.items():
        values[row_of[block], column_of[treatment]] = result
    index, columns = pd.Index(blocks, name=read.block), pd.Index(treatments, name=read.treatment)
    table = pd.DataFrame(values, index=index, columns=columns)
    notes = [*_lacking(read, without, empty), *_names(read), *comments]
    return Results(table, without, notes)


def _check_size(
    read: _Read, treatments: Sequence[str], blocks: Sequence[str], without: Sequence[str]
) -> None:
    counts = f"{len(treatments)} in {read.treatment} and {len(blocks)} in {read.block}"
    if len(treatments) < 2 or len(blocks) < 2:
        lacking = f" ({listed(without)} without results)" if without else ""
        raise HarnessError(
            f"{read.source}: {counts} have results{lacking}; a ranking needs two of each"
        )
    pairs = len(treatments) * (len(treatments) - 1) // 2
    if len(blocks) > MOST_BLOCKS or pairs * len(blocks) > MOST_NUMBERS:
        raise HarnessError(
            f"{read.source}: {counts} are too many to compare every pair; are these the right "
            f"columns? (up to {whole(MOST_BLOCKS)} blocks, and {whole(MOST_NUMBERS)} "
            "blocks × pairs)"
        )


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names as a sentence has them, the rest counted."""
    more = [f"{len(names) - most} more"] if len(names) > most else []
    *first, last = [*(str(name) for name in names[:most]), *more]
    return f"{', '.join(first)} and {last}" if first else last


def _lacking(read: _Read, without: Sequence[str], empty: Sequence[str]) -> list[str]:
    kinds = ((read.treatment, without), (read.block, empty))
    notes = [f"{kind} without results: {listed(names)}" for kind, names in kinds if names]
    words = {word: count for word, count in read.missing.items() if word}
    if words:
        counted = ", ".join(f"{shown(word)} × {count}" for word, count in words.items())
        notes.append(f"{read.value}: read as no result: {counted}")
    return notes


def _names(read: _Read) -> list[str]:
    notes = []
    for kind, named in read.named.items():
        notes += [
            f"{kind}: {' and '.join(shown(name) for name in written)} are taken as one"
            for written in named.values()
            if len(written) > 1
        ]
        notes += suspicious(kind, read.all(kind))
    return notes


def _comments(rows: Sequence[Row]) -> list[str]:
    lines = [str(row.line) for row in rows if row.fields[0].startswith("#")]
    if not lines:
        return []
    return [f"rows that begin with # are read like any other: line {listed(lines)}"]
