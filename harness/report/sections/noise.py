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
    "in which a side diverged are left out. “Samples × 2” and “Window × 2” are variance × trial "
    "hours with twice the evaluation.samples, and with twice the evaluations in the last fifth of "
    "the training, as multiples of the present ones, by the seconds in the record. More seeds "
    "leave it at 1: what is below 1 is cheaper than seeds. Remedy: the settings with the lowest "
    "product that is known, if they save a tenth of the trial hours or more."
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
            show.number(row.more_samples, 2),
            show.number(row.more_evaluations, 2),
            _remedy(row.advice, row.factor),
        ]
        for row in each_row(table)
    ]
    columns = ["Tip", "n", "sd", "Scoring, %", "Ups and downs, %", "Seed × cell, %",
               "Fixed images", "Pairing removes, %", "Samples × 2", "Window × 2",
               "Remedy"]  # fmt: skip
    caption = f"Where differences of {data.objective.unit} scatter from"
    numeric = frozenset(range(1, 10))
    return [
        Heading("Where the noise comes from", "noise"),
        Text(how),
        Table(caption, columns, rows, numeric, "tables/noise.csv"),
    ]


def _remedy(advice: str, factor: float) -> str:
    """The advice, and what it saves for the same interval."""
    if not advice:
        return show.NONE
    hours = f": {show.percent(1 - factor, 0)} fewer trial hours for the same interval"
    return advice + (hours if factor < 1 else "")


def _share(part: float, variance: float) -> str:
    """In per cent; parts are estimates, and noise may be told as more than all there is."""
    share = part / variance if variance else math.nan
    return show.number(100 * min(share, 1.0), 0)
