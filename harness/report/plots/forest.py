"""Forest plot: the effect of each contrast with its interval and every seed's difference."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from harness.analysis import effects
from harness.analysis.frame import each_row
from harness.analysis.objectives import Objective
from harness.report.inks import BETTER, EQUIVALENT, INK, MUTED, PAPER, REFERENCE, WORSE
from harness.report.plots.style import NARROW, Figure, ticked

ROW = 0.52  # inches
FAR = 4  # times the median reach of the rows: what lies beyond is cut off, and marked
_COLOURS = {effects.BETTER: BETTER, effects.WORSE: WORSE, effects.EQUIVALENT: EQUIVALENT}


class Row(NamedTuple):
    """One contrast in the objective's unit; intervals are NaN where there is none.

    `low` and `high` hold for all contrasts at once, `t_low` and `t_high` for this one.
    """

    title: str
    note: str
    effect: float
    low: float
    high: float
    t_low: float
    t_high: float
    verdict: str
    seeds: tuple[float, ...]


class Forest(NamedTuple):
    """Contrasts from top to bottom, and the range that is shown, in a unit."""

    rows: tuple[Row, ...]
    low: float
    high: float
    unit: str


def forest_info(
    ranking: pd.DataFrame,
    differences: Mapping[str, Sequence[float]],
    notes: Mapping[str, str],
    objective: Objective,
) -> Forest:
    """Rows for the contrasts that have a value; `differences` and `notes` by contrast name."""
    scale = objective.scale
    rows = [
        Row(
            title=row.title,
            note=notes[row.contrast],
            effect=row.effect * scale,
            low=row.low * scale,
            high=row.high * scale,
            t_low=row.t_low * scale,
            t_high=row.t_high * scale,
            verdict=row.verdict,
            seeds=tuple(value * scale for value in differences[row.contrast]),
        )
        for row in each_row(ranking)
        if row.n
    ]
    return Forest(tuple(rows), *_range(rows), objective.unit)


def _values(row: Row) -> list[float]:
    values = (row.effect, row.low, row.high, *row.seeds)
    return [value for value in values if math.isfinite(value)]


def _range(rows: Sequence[Row]) -> tuple[float, float]:
    """A range that one diverged trial does not stretch until nothing else can be seen.

    What is sure to be an effect is in it, however large.
    """
    reach = median(max(abs(value) for value in _values(row)) for row in rows) if rows else 0.0
    near = [value for row in rows for value in _values(row) if abs(value) <= FAR * reach]
    sure = [row for row in rows if row.verdict in (effects.BETTER, effects.WORSE)]
    near += [value for row in sure for value in (row.effect, row.t_low, row.t_high)]
    near = [value for value in near if math.isfinite(value)]
    low, high = min([0.0, *near]), max([0.0, *near])
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin


def draw_forest(info: Forest, width: float) -> Figure:
    """Draw the rows; each has its words above and its numbers below or next to them."""
    narrow = width <= NARROW
    row = ROW * (1.3 if narrow else 1)
    figure = Figure(figsize=(width, row * len(info.rows) + 0.75), layout="constrained")
    axes = figure.add_subplot()
    for place, entry in enumerate(info.rows):
        _draw_row(axes, entry, place)
        _mark_far(axes, entry, place, info)
        _write_row(axes, entry, place, narrow)
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1)
    axes.set_ylim(len(info.rows) - 0.55, -0.75)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", visible=False)
    axes.set_xlim(info.low, info.high)
    axes.xaxis.set_major_locator(MaxNLocator(4 if narrow else 5))
    axes.xaxis.set_major_formatter(ticked)
    axes.set_xlabel(f"effect on {info.unit}\n← following helps    ·    following hurts →")
    return figure


def _draw_row(axes: Axes, entry: Row, place: int) -> None:
    colour = _COLOURS.get(entry.verdict, REFERENCE)
    if math.isfinite(entry.low):
        axes.plot([entry.low, entry.high], [place, place], color=colour, linewidth=1.0)
        axes.plot([entry.t_low, entry.t_high], [place, place], color=colour, linewidth=3.0,
                  alpha=0.55, solid_capstyle="round")  # fmt: skip
    axes.plot(entry.seeds, [place + 0.2] * len(entry.seeds), "|", color=colour, alpha=0.75,
              markersize=5)  # fmt: skip
    filled = colour if entry.verdict in _COLOURS else PAPER
    axes.plot(entry.effect, place, "o", markersize=7, markerfacecolor=filled,
              markeredgecolor=colour, markeredgewidth=1.8)  # fmt: skip


def _mark_far(axes: Axes, entry: Row, place: int, info: Forest) -> None:
    colour = _COLOURS.get(entry.verdict, REFERENCE)
    for edge, far, marker in (
        (info.low, min(_values(entry)) < info.low, "<"),
        (info.high, max(_values(entry)) > info.high, ">"),
    ):
        if far:
            axes.plot(edge, place, marker, color=colour, markersize=6, clip_on=False)


def _write_row(axes: Axes, entry: Row, place: int, narrow: bool) -> None:
    beside = axes.get_yaxis_transform()  # x in shares of the axes, y in rows
    box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.2}
    words: dict[str, Any] = {"transform": beside, "va": "center", "bbox": box}
    title = textwrap.shorten(entry.title, 48 if narrow else 62, placeholder=" …")
    axes.text(0, place - (0.46 if narrow else 0.3), title, **words)
    # below the title, or in a column of its own
    across, down = (0.0, place - 0.25) if narrow else (1.02, float(place))
    axes.text(across, down, entry.note, color=MUTED, **words)
