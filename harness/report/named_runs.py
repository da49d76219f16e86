"""Names of the runs of a comparison that a reader understands, in place of those of their folders.

A run is named after its study's title, without the words that all titles begin with; where titles
are equal, after its images; where these are, too, by its run name.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

import pandas as pd

from harness.analysis.compare import Comparison
from harness.analysis.frame import Frames, each_row
from harness.analysis.pooling import pool_runs
from harness.core import format as show

_BEFORE = ("on", "in")  # after which titles may differ: "Six tips on CIFAR-10", "… on flowers"
_COLUMNS = ("run", "a", "b")  # of tables, with run names


class RunNames(NamedTuple):
    """Run name → the name on the page, a title for all of them, and "helps <where> <name>"."""

    names: Mapping[str, str]
    title: str
    where: str = "in"


def name_runs(runs: pd.DataFrame) -> RunNames:
    """The names of the runs in `Comparison.runs`; no two are alike."""
    titles, ids = list(runs["title"]), list(runs["run"])
    images = _images(runs)
    if len(set(titles)) == 1:
        apart = images if _differ(images) else ids
        where = "on" if apart is images else "in"
        return RunNames(_pairs(ids, apart), f"{titles[0]}: {show.listed(apart)}", where)
    if not _differ(titles):
        often = Counter(titles)
        titles = [
            f"{title} ({name})" if often[title] > 1 else title
            for title, name in zip(titles, ids, strict=True)
        ]
    words = [title.split() for title in titles]
    shared = _shared(words)
    apart = [" ".join(each[len(shared) :]) for each in words]
    title = " ".join([*shared, show.listed(apart)])
    return RunNames(_pairs(ids, apart), title, *shared[-1:])


def _images(runs: pd.DataFrame) -> list[str]:
    """Data sets and, where they differ in it, their size."""
    one = len(set(runs["pixels"])) == 1
    return [str(row.data) if one else f"{row.data} at {row.pixels} px" for row in each_row(runs)]


def _pairs(ids: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    return dict(zip(ids, names, strict=True))


def _differ(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names)


def _shared(titles: Sequence[Sequence[str]]) -> list[str]:
    """The words that all titles begin with, up to the last one after which they may differ."""
    alike = takewhile(lambda column: len(set(column)) == 1, zip(*titles, strict=False))
    words = [column[0] for column in alike]
    while words and (words[-1] not in _BEFORE or any(len(words) == len(one) for one in titles)):
        words.pop()
    return words


def renamed(
    comparison: Comparison, frames: Mapping[str, Frames], names: Mapping[str, str]
) -> tuple[Comparison, dict[str, Frames]]:
    """A comparison and its runs under the names of the page; its `runs` keep run names as `id`.

    They name the sets of a pool, too, and whatever its sentences say.
    """
    runs = {names[name]: run for name, run in frames.items()}
    kept = comparison._replace(runs=comparison.runs.assign(id=comparison.runs["run"]))
    tables: dict[str, Any] = {
        field: _renamed(table, names)
        for field, table in kept._asdict().items()
        if isinstance(table, pd.DataFrame)
    }
    pool = comparison.pooled
    if pool is not None:
        again = pool_runs(runs, {names[name]: rows for name, rows in kept.rankings.items()})
        pool = again._replace(sets=again.sets.assign(set=again.sets["run"]))
    return kept._replace(**tables, pooled=pool), runs


def _renamed(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    columns = [column for column in _COLUMNS if column in table]
    return table.assign(**{column: table[column].map(names) for column in columns})
