"""Forest plot: the effect of each contrast with its interval and every seed's difference."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.analysis import effects
from harness.analysis.objectives import KID_SCALE
from harness.plots.style import BETTER, INK, MUTED, NARROW, REFERENCE, WORSE

ROW = 0.52  # inches
_COLOURS = {effects.BETTER: BETTER, effects.WORSE: WORSE}


class Row(NamedTuple):
    """One contrast, KID × 10³; `low` and `high` are NaN where there is no interval."""

    title: str
    note: str
    effect: float
    low: float
    high: float
    verdict: str
    seeds: tuple[float, ...]


class Forest(NamedTuple):
    """Contrasts from top to bottom, and the share of intervals that cover the truth."""

    rows: tuple[Row, ...]
    confidence: float


def forest_info(
    ranking: pd.DataFrame,
    differences: Mapping[str, Sequence[float]],
    notes: Mapping[str, str],
    alpha: float,
) -> Forest:
    """Rows for the contrasts that have a value; `differences` and `notes` by contrast name."""
    rows = [
        Row(
            str(row.title),
            notes[row.contrast],
            *(float(value) * KID_SCALE for value in (row.effect, row.low, row.high)),
            str(row.verdict),
            tuple(value * KID_SCALE for value in differences[row.contrast]),
        )
        for row in ranking.itertuples()
        if row.n
    ]
    return Forest(tuple(rows), 1 - alpha)


def draw_forest(info: Forest, width: float) -> Figure:
    """Draw the rows; each has its words above and its numbers below or beside them."""
    narrow = width <= NARROW
    row = ROW * (1.3 if narrow else 1)
    figure = Figure(figsize=(width, row * len(info.rows) + 0.75))
    axes = figure.add_subplot()
    for place, entry in enumerate(info.rows):
        _draw_row(axes, entry, place)
        _write_row(axes, entry, place, narrow)
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1)
    axes.set_ylim(len(info.rows) - 0.55, -0.75)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.08)
    axes.set_xlabel("effect on KID × 10³\n← following helps    ·    following hurts →")
    return figure


def _draw_row(axes: Axes, entry: Row, place: int) -> None:
    colour = _COLOURS.get(entry.verdict, REFERENCE)
    if math.isfinite(entry.low):
        axes.plot([entry.low, entry.high], [place, place], color=colour, linewidth=2.2,
                  solid_capstyle="round")  # fmt: skip
    axes.plot(entry.seeds, [place + 0.2] * len(entry.seeds), "|", color=colour, alpha=0.75,
              markersize=5)  # fmt: skip
    filled = colour if entry.verdict in _COLOURS else "white"
    axes.plot(entry.effect, place, "o", markersize=7, markerfacecolor=filled,
              markeredgecolor=colour, markeredgewidth=1.8)  # fmt: skip


def _write_row(axes: Axes, entry: Row, place: int, narrow: bool) -> None:
    beside = axes.get_yaxis_transform()  # x in shares of the axes, y in rows
    title = textwrap.shorten(entry.title, 48 if narrow else 62, placeholder=" …")
    axes.text(0, place - (0.46 if narrow else 0.3), title, transform=beside, va="center", weight="medium")
    where = (0.0, place - 0.25, "left") if narrow else (1.0, place - 0.3, "right")
    axes.text(*where[:2], entry.note, transform=beside, ha=where[2], va="center", color=MUTED)
