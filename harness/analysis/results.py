"""Results from elsewhere: a table of treatments by blocks, and what is to be known of it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.analysis.delimited import Row, read_sheet
from harness.analysis.fields import (
    Columns,
    count,
    deviation,
    is_number,
    name_mistake,
    number,
    same,
    shown,
    suspicious,
)
from harness.analysis.welch import Spreads
from harness.core.errors import HarnessError, unknown
from harness.core.format import whole

MOST_NUMBERS = 10_000_000  # differences of all pairs by block that fit into memory
MOST_BLOCKS = 2_000
MOST_TESTS = 100_000  # rows of a table of pairs within blocks


class Results(NamedTuple):
    """Numbers by block and treatment, and what a reader of their ranking must know."""

    table: pd.DataFrame  # (blocks, treatments) that have a result; NaN where a pair has none
    without: Sequence[str]  # treatments that are named and have no result
    notes: Sequence[str]
    spreads: Spreads | None = None  # of values that are means, where they were asked for


class _Read:
    """Names by what makes two of them one, and values by (block, treatment).

    `source` is where they are from, and `unit` what one value of it is called, for messages;
    `names` are the columns: treatment, block and value, and of means deviation and count.
    """

    def __init__(self, source: str, unit: str, names: Sequence[str]) -> None:
        self.source, self.unit = source, unit
        self.treatment, self.block, self.value, *self.spread = names
        self.named: dict[str, dict[str, dict[str, None]]] = {name: {} for name in names[:2]}
        self.numbers: dict[tuple[str, str], tuple[float, object]] = {}
        self.spreads: dict[tuple[str, str], tuple[float, float]] = {}  # deviation and count
        self.lacking: dict[str, list[tuple[str, str]]] = {}  # what a mean has not → its pairs
        self.missing: Counter[str] = Counter()

    def name(self, kind: str, line: object, text: str) -> str:
        if mistake := name_mistake(text):
            raise HarnessError(f"{self.source}, {self.unit} {line}: {kind} {mistake}")
        written = self.named[kind].setdefault(same(text), {})
        written.setdefault(text)
        return next(iter(written))

    def add(self, line: object, treatment: str, block: str, value: str, *spread: str) -> None:
        """A row; `spread` holds the deviation and the count of a mean."""
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
        if spread:
            self.spreads[pair] = self._spread(pair, place, *spread)

    def _spread(self, pair: tuple[str, str], place: str, sd: str, n: str) -> tuple[float, float]:
        """NaN for both where either is missing: without it there is no test."""
        known: list[float | None] = []
        for name, text, parse in zip(self.spread, (sd, n), (deviation, count), strict=True):
            try:
                known.append(parse(text))
            except ValueError as error:
                raise HarnessError(f"{place}: {name} {error}") from None
        one, two = known
        if one is not None and two is not None:
            return one, two
        names = [name for name, value in zip(self.spread, known, strict=True) if value is None]
        self.lacking.setdefault(" and ".join(names), []).append(pair)
        return math.nan, math.nan

    def all(self, kind: str) -> list[str]:
        # sorted, so that the order of the lines changes nothing
        return sorted(next(iter(written)) for written in self.named[kind].values())


def read_results(path: Path, columns: Columns) -> Results:
    """Read a file in which a row holds one value of a treatment in a block.

    Every mistake is a HarnessError that names the file and its line or column.
    """
    columns = Columns(*(name.strip() for name in columns))
    named = columns.named("--")
    _check_apart(named)
    names = list(named.values())
    numeric = bool(columns.sd) and is_number(columns.n)
    sheet = read_sheet(path, names[:-1] if numeric else names)
    header = list(sheet.header.fields)
    fixed = _fixed("--n", columns.n, header) if numeric else []
    places = [header.index(name) for name in names[: len(names) - len(fixed)]]
    read = _Read(str(path), "line", names)
    for row in sheet.rows:
        read.add(row.line, *(row.fields[place] for place in places), *fixed)
    return _results(read, _comments(sheet.rows))


def _fixed(option: str, n: str, columns: Sequence[str]) -> list[str]:
    """The count of every mean, where `n` is no column but a number; else empty."""
    if n in columns:
        return []
    try:
        return [str(count(n))]
    except ValueError as error:
        raise HarnessError(f"{option} {error}") from None


def read_frame(frame: pd.DataFrame, asked: Columns) -> Results:
    """Read a frame in which a row holds one value of a treatment in a block, as `read_results`."""
    named = asked.named("")
    columns = [str(column) for column in frame.columns]
    fixed = _fixed("rank(n): n", asked.n, columns) if asked.sd and is_number(asked.n) else []
    for option, name in list(named.items())[: len(named) - len(fixed)]:
        if name not in columns:
            raise HarnessError(f"rank({option}): {unknown('column', name, columns)}")
        if columns.count(name) > 1:
            raise HarnessError(
                f"rank({option}): the frame has {columns.count(name)} columns {name}"
            )
    _check_apart(named)
    read = _Read("the frame", "row", names := list(named.values()))
    wanted = frame.iloc[:, [columns.index(name) for name in names[: len(names) - len(fixed)]]]
    for row in wanted.itertuples(name=None):
        line, *fields = row
        read.add(line, *(_text(field) for field in fields), *fixed)
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
    sds, counts = np.full_like(values, np.nan), np.full_like(values, np.nan)
    for (block, treatment), (result, _) in read.numbers.items():
        place = row_of[block], column_of[treatment]
        values[place] = result
        sds[place], counts[place] = read.spreads.get((block, treatment), (math.nan, math.nan))
    index, columns = pd.Index(blocks, name=read.block), pd.Index(treatments, name=read.treatment)
    table, sd, n = (
        pd.DataFrame(each, index=index, columns=columns) for each in (values, sds, counts)
    )
    notes = [*_lacking(read, without, empty), *_spreadless(read), *_names(read), *comments]
    return Results(table, without, notes, Spreads(sd, n) if read.spread else None)


def _check_size(
    read: _Read, treatments: Sequence[str], blocks: Sequence[str], without: Sequence[str]
) -> None:
    counts = f"{len(treatments)} in {read.treatment} and {len(blocks)} in {read.block}"
    fewest = 1 if read.spread else 2  # means with deviations can be compared within one block
    if len(treatments) < 2 or len(blocks) < fewest:
        lacking = f" ({listed(without)} without results)" if without else ""
        needs = "two of each" if fewest == 2 else f"two in {read.treatment}"
        raise HarnessError(
            f"{read.source}: {counts} have results{lacking}; a ranking needs {needs}"
        )
    pairs = len(treatments) * (len(treatments) - 1) // 2
    most = MOST_TESTS if read.spread else MOST_NUMBERS
    if len(blocks) > MOST_BLOCKS or pairs * len(blocks) > most:
        raise HarnessError(
            f"{read.source}: {counts} are too many to compare every pair; are these the right "
            f"columns? (up to {whole(MOST_BLOCKS)} blocks, and {whole(most)} "
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


def _spreadless(read: _Read) -> list[str]:
    notes = []
    for what, pairs in read.lacking.items():
        named = listed([f"{treatment} in {block}" for block, treatment in sorted(pairs)])
        notes.append(f"{what} missing, so not compared within the {read.block}: {named}")
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
