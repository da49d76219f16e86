"""Sources of the scatter of each contrast, and remedies that would narrow its interval."""

import math

from harness.analysis.frame import each_row
from harness.analysis.noise import ERRORS
from harness.core import format as show
from harness.report.blocks import Block, Cell, Heading, Table, Text
from harness.report.data import ReportData

HOW = (
    "The variance of a contrast's differences between seeds, in parts: the noise of scoring "
    "(from the blocks of images of each evaluation, seed by seed); the training's ups and downs "
    "from one evaluation to the next; and what a seed does to a cell. Seeds average out all "
    "three. “Fixed images” is what seeds do not average out: a standard deviation of the effect, "
    "which comes from the real images being the same for all seeds. Each contrast by itself; seeds "
    "in which a side diverged are left out."
)
UNKNOWN = (
    " Where an older record has no parts that share no image, the noise of scoring is estimated "
    "from the standard errors of single evaluations: they include noise that the cells share and, "
    "of overlapping subsets, lack that of the generated images, so no advice is given."
)


def build(data: ReportData) -> list[Block]:
    """A table of the contrasts; nothing where none has two seeds."""
    table = data.noise
    if table.empty:
        return []
    how = HOW + (UNKNOWN if (table["by"] == ERRORS).any() else "")
    scale = data.objective.scale
    deviations = table["variance"] ** 0.5
    places = show.decimals(deviations, scale)
    rows: list[list[Cell]] = [
        [
            row.title,
            str(row.n),
            show.kid(math.sqrt(row.variance), places, scale=scale),
            *(_share(part, row.variance) for part in (row.evaluation, row.short_term, row.rest)),
            show.kid(math.sqrt(row.images), places, scale=scale),
            show.number(100 * row.removed, 0),
            row.advice or show.NONE,
        ]
        for row in each_row(table)
    ]
    columns = ["Tip", "n", "sd", "Scoring, %", "Ups and downs, %", "Seed × cell, %",
               "Fixed images", "Pairing removes, %", "Remedy"]  # fmt: skip
    caption = f"Where differences of {data.objective.unit} scatter from"
    numeric = frozenset(range(1, 8))
    return [
        Heading("Where the noise comes from", "noise"),
        Text(how),
        Table(caption, columns, rows, numeric, "tables/noise.csv"),
    ]


def _share(part: float, variance: float) -> str:
    return show.number(100 * part / variance, 0) if variance else show.NONE
