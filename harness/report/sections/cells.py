"""The cells against the reference, and the fidelity and variety of their images."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from harness.analysis.failures import outcomes
from harness.analysis.frame import BESIDE, each_row
from harness.core import format as show
from harness.report.blocks import Block, Cell, Heading, Label, Table, Text
from harness.report.data import ReportData

# columns that are left out where empty
TITLES = {name: name.capitalize() for name in BESIDE} | {
    "fid": "FID",
    "inception_score": "Inception score",
}
LOWEST = "Lowest KID"
FOLLOWED, APART = "Following − ignoring", "Cell − reference"
MAYBE = {"A member alone", FOLLOWED, APART, "Not reached", "Ends", *TITLES.values()}
WORDS = ("Cell", "Ends")


def build(data: ReportData) -> list[Block]:
    """Two tables a metric identity: the objective of each cell, and what describes its images."""
    if data.suggestions is not None:
        return []  # the search's own table
    how = (
        f"The objective “{data.plan.objective}” is {data.objective.what}. {_against(data)}They "
        f"describe the cells; the ranking is what is judged. {_LOWEST}"
    )
    groups = list(data.cells.groupby("identity", sort=False, dropna=False))
    named = [
        (rows, f"; metric identity {identity}" if len(groups) > 1 else "")
        for identity, rows in groups
    ]
    blocks: list[Block] = [Heading("Cells against the reference", "cells"), Text(how)]
    blocks += [_table(data, rows, metric) for rows, metric in named]
    images = [_images(data, rows, metric) for rows, metric in named]
    if images := [table for table in images if len(table.columns) > len(WORDS)]:
        columns = {name for table in images for name in table.columns}
        scores = [words for name, words in _SCORES.items() if name in columns]
        blocks += [Text(" ".join([_IMAGES, *scores]), "note"), *images]
    return blocks


_LOWEST = (
    f"“{LOWEST}” is the lowest KID × 10³ that a training had at any evaluation, averaged over its "
    "seeds: it is chosen by what it measures, so it is too low by chance."
)

_IMAGES = (
    "Fidelity (do generated images look like real ones?) and variety (are all real ones "
    "represented?), by the five nearest neighbours of each image in the features of the metric. "
    "Precision is the share of generated images near a real one, density how many real ones each "
    "is near, about 1 where generated images are as real ones; recall and coverage are shares of "
    "real images near a generated one. They describe; verdicts are by the objective."
)

_SCORES = {
    TITLES["fid"]: (
        "FID, the Fréchet Inception Distance, compares mean and covariance of the features of "
        "generated images with those of real ones; 0 is best, and with few images it is too high."
    ),
    TITLES["inception_score"]: (
        "The Inception score is high where a classifier gives one class of each generated image a "
        "high probability, and all classes are as frequent; no real image enters it."
    ),
}


def _table(data: ReportData, rows: pd.DataFrame, metric: str) -> Table:
    scale = data.objective.scale
    places = show.decimals([*rows["mean"], *rows["difference"]], scale)
    body: list[list[Cell]] = [
        [
            Label(data.names[row.cell], _detail(data, row.cell)),
            f"{row.n} of {row.planned}",
            show.kid(row.mean, places, scale=scale),
            show.kid(row.sd, places, scale=scale),
            show.kid(row.best, show.decimals([row.best])),
            show.kid(row.member_kid, show.decimals([row.member_kid])),
            *_difference(data, row, places),
            show.number(row.censored, 0) if row.censored else show.NONE,
            _ends(data, row.cell),
        ]
        for row in each_row(rows)
    ]
    unit = data.objective.unit.replace(" ", "\u00a0")
    columns = ["Cell", "n", unit, "sd", LOWEST, "A member alone", FOLLOWED, APART, "Interval",
               "Not reached", "Ends"]  # fmt: skip
    level = show.percent(1 - data.plan.alpha)
    caption = f"Objective by cell, and the {level} t-interval of each difference alone{metric}"
    return _filled(caption, columns, body)


def _images(data: ReportData, rows: pd.DataFrame, metric: str) -> Table:
    body: list[list[Cell]] = [
        [data.names[row.cell], str(row.n), *(show.number(getattr(row, name), 2) for name in BESIDE)]
        for row in each_row(rows)
    ]
    caption = f"Fidelity and variety by cell, at the last evaluation, means over n trials{metric}"
    return _filled(caption, ["Cell", "n", *TITLES.values()], body)


def _filled(caption: str, columns: Sequence[str], body: list[list[Cell]]) -> Table:
    """A table of cells, without the columns of `MAYBE` in which no row has a value."""
    shown = [
        place
        for place, name in enumerate(columns)
        if name not in MAYBE or any(row[place] != show.NONE for row in body)
    ]
    numeric = frozenset(at for at, place in enumerate(shown) if columns[place] not in WORDS)
    columns, body = [columns[i] for i in shown], [[row[i] for i in shown] for row in body]
    return Table(caption, columns, body, numeric, "tables/cells.csv")


def _detail(data: ReportData, label: str) -> str:
    """Its label, as commands take it, and where it differs from the baseline."""
    patch = data.plan.cell(label).patch
    changes = ", ".join(f"{path} = {value}" for path, value in patch.items()) or "the baseline"
    return changes if data.names[label] == label else f"{label}: {changes}"


def _sides(data: ReportData) -> dict[str, int]:
    """Cells that differ from the reference by a tip → 1 where they follow it, else −1."""
    sides: dict[str, int] = {}
    for contrast in data.plan.tips:
        pair = (contrast.following, contrast.ignoring)
        if len(contrast.weights) == 2 and data.plan.reference in pair:
            sides.setdefault(*((pair[0], 1) if pair[1] == data.plan.reference else (pair[1], -1)))
    return sides


def _difference(data: ReportData, row: Any, places: int) -> tuple[str, str, str]:
    """The difference with the sign of its effect or, of no contrast, cell − reference."""
    scale, sides = data.objective.scale, _sides(data)
    sign = sides.get(row.cell, 1)
    low, high = sorted((sign * row.low, sign * row.high))
    size = show.kid(sign * row.difference, places, True, scale)
    columns = (size, show.NONE) if row.cell in sides else (show.NONE, size)
    return *columns, show.interval(low, high, places, scale)


def _against(data: ReportData) -> str:
    """How the cells are compared with the reference."""
    sides = _sides(data)
    rest = [cell for cell in data.labels if cell not in sides and cell != data.plan.reference]
    parts = ["On: the tip is followed; off: it is ignored."] if data.plan.tips else []
    if sides:
        parts.append("Differences have the sign of effects, so negative helps.")
    if rest:
        what = "those of other cells" if sides else "differences"
        parts.append(f"{what[0].upper()}{what[1:]} are from the reference.")
    if sides or rest:
        parts.append("Both are paired by seed." if sides and rest else "They are paired by seed.")
    return " ".join(parts) + " " if parts else ""


def _ends(data: ReportData, cell: str) -> str:
    ended = outcomes(data.frames.trials[data.frames.trials["cell"] == cell])
    return ", ".join(phrase.replace(" ", "\u00a0") for phrase in ended.short) or show.NONE
