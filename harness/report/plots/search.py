"""A search at a glance: the objective by suggestion, and by each dimension."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from harness.analysis.objectives import FINAL, KIMG, Objective
from harness.analysis.rows import each_row
from harness.analysis.search import SUGGESTED
from harness.core import format as show
from harness.report.inks import INK, MUTED, REFERENCE
from harness.report.plots.marks import NARROW, blank, round_ticks, ticked
from harness.runs.status import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from harness.report.plots.style import Figure

LETTERS = 13  # of a dimension's name, in an inch
TITLE = 0.16  # inches of a further line of it
_MARKERS = {Status.FINISHED: "o", Status.DIVERGED: "x", Status.PRUNED: "v"}


class Point(NamedTuple):
    """One suggestion with a value: where it stands, its objective as shown, how it ended."""

    x: float
    kid: float
    status: str


class Panel(NamedTuple):
    """The suggestions by one dimension; a categorical one has `ticks` for its places."""

    name: str
    points: tuple[Point, ...]
    ticks: tuple[str, ...] = ()
    log: bool = False


class History(NamedTuple):
    """The suggestions in their order, the best finished so far, and the reference's value."""

    panel: Panel
    best: tuple[tuple[float, float], ...]
    reference: float | None

    @property
    def shown(self) -> tuple[float, float]:
        """The range of the vertical axis."""
        return _shown(self.panel.points, self.reference)

    @property
    def cut(self) -> bool:
        """Whether a suggestion lies beyond that range, so that it stands at its edge."""
        return _cut(self.panel.points, self.shown)


def shown_of(panels: Sequence[Panel]) -> tuple[tuple[float, float], bool]:
    """The range of the vertical axis that panels share, and whether a suggestion lies beyond it."""
    points = [point for panel in panels for point in panel.points]
    shown = _shown(points)
    return shown, _cut(points, shown)


def _shown(points: Sequence[Point], reference: float | None = None) -> tuple[float, float]:
    """A range that no pruned or diverged suggestion stretches until nothing else can be seen.

    All that finished and the reference are in it, and others that are as far again from these.
    """
    sure = [point.kid for point in points if point.status == Status.FINISHED]
    sure += [] if reference is None else [reference]
    values = [point.kid for point in points]
    low, high = min(sure or values, default=0.0), max(sure or values, default=1.0)
    reach = high - low or abs(high) or 1.0
    near = [value for value in values if low - reach <= value <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    margin = 0.08 * (high - low) or 0.08 * reach
    return low - margin, high + margin


def _cut(points: Sequence[Point], shown: tuple[float, float]) -> bool:
    return any(not shown[0] <= point.kid <= shown[1] for point in points)


def history_info(table: pd.DataFrame, reference: float, judged: Objective = FINAL) -> History:
    """From the table of suggestions; a pruned one stands at its last KID, if that is the unit."""
    pruned = table["status"] == Status.PRUNED
    last = table["last_kid"] if judged.unit != KIMG else math.nan
    table = table.assign(final=table["final"].where(~pruned, last))
    best = table.dropna(subset=["best_so_far"])
    steps = tuple((float(r.number), r.best_so_far * judged.scale) for r in each_row(best))
    level = reference * judged.scale if math.isfinite(reference) else None
    return History(Panel("suggestion", _points(table, table["number"], judged)), steps, level)


def slices_info(
    table: pd.DataFrame,
    space: Mapping[str, Mapping[str, Any]],
    judged: Objective = FINAL,
) -> list[Panel]:
    """A panel a dimension, in the order of the space."""
    panels = []
    for name, span in space.items():
        values = table[f"{SUGGESTED}{name}"]
        choices = span.get("choices", ())
        places = [choices.index(value) for value in values] if choices else list(values)
        ticks = tuple(str(choice) for choice in choices)
        points = _points(table, pd.Series(places, index=table.index, dtype=float), judged)
        panels.append(Panel(name, points, ticks, bool(span.get("log"))))
    return panels


def _points(table: pd.DataFrame, x: "pd.Series[Any]", judged: Objective) -> tuple[Point, ...]:
    known = table["final"].notna() & table["status"].isin(list(_MARKERS))
    return tuple(
        Point(float(place), row.final * judged.scale, row.status)
        for place, row in zip(x[known], each_row(table[known]), strict=True)
    )


def draw_history(info: History, unit: str, width: float) -> "Figure":
    """Points in order, the best so far as steps, the reference as a line."""
    figure = blank(figsize=(width, 2.6), layout="constrained")
    axes = figure.add_subplot()
    _scatter(axes, info.panel, info.shown)
    if info.best:
        numbers, kids = zip(*info.best, strict=True)
        axes.step(numbers, kids, where="post", color=INK, linewidth=1.2)
    if info.reference is not None:
        axes.axhline(info.reference, color=REFERENCE, linestyle="--", linewidth=1)
    round_ticks(axes.xaxis, integer=True)
    axes.set_xlabel("suggestion")
    axes.set_ylabel(unit)
    return figure


def draw_slices(panels: Sequence[Panel], unit: str, width: float) -> "Figure":
    """Small multiples that share the vertical axis."""
    columns = 1 if width <= NARROW else min(3, len(panels))
    rows = -(-len(panels) // columns)
    letters = int(LETTERS * (width - 0.6) / columns)
    names = {panel.name: show.wrapped(panel.name, letters) for panel in panels}
    height = 2.1 + TITLE * max(name.count("\n") for name in names.values())
    figure = blank(figsize=(width, height * rows), layout="constrained")
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    shown, _ = shown_of(panels)
    for axes, panel in zip(grid.flat, panels, strict=False):
        _scatter(axes, panel, shown)
        axes.set_title(names[panel.name])
        if panel.log:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(ticked)
            axes.xaxis.set_minor_formatter("")  # in a narrow panel they would overlap
        if panel.ticks:
            room = letters // len(panel.ticks)
            axes.set_xticks(
                range(len(panel.ticks)), [show.wrapped(tick, room) for tick in panel.ticks]
            )
            axes.set_xlim(-0.5, len(panel.ticks) - 0.5)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    for row in grid:
        row[0].set_ylabel(unit)
    return figure


def _scatter(axes: "Axes", panel: Panel, shown: tuple[float, float]) -> None:
    low, high = shown
    for status, marker in _MARKERS.items():
        colour = INK if status == Status.FINISHED else MUTED
        points = [point for point in panel.points if point.status == status]
        if points:
            xs = [point.x for point in points]
            ys = [min(max(point.kid, low), high) for point in points]
            axes.plot(xs, ys, marker, color=colour, markersize=4.5, alpha=0.8, clip_on=False)
    axes.set_ylim(low, high)
    axes.yaxis.set_major_formatter(ticked)
