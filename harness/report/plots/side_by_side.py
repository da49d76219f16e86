"""Forest plot of several runs: for each tip the effect in every run, an axis for each measure."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from harness.analysis.rows import each_row
from harness.core import format as show
from harness.report.inks import INK, PAPER
from harness.report.plots.forest import draw_ground, draw_zone, mark_far, write_head, write_sides
from harness.report.plots.marks import MARKS, NARROW, UNDECIDED, blank, round_ticks, ticked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from harness.analysis.deciding import Span
    from harness.report.plots.style import Figure

ROW, LINE, HEAD = 0.24, 0.13, 1.0  # inches: a row, a line more in it, and what is around all
HALF = 0.45  # of a row: where what is drawn in it ends
GAP = 0.6  # rows between two tips
SIDE = 0.25  # share of the longer side of zero that the other one has at least: room for a word
LONGEST = 70  # letters above a panel as wide as the page
FAR = 4  # times the median reach of the rows: what lies beyond is cut off, and marked


class Line(NamedTuple):
    """A tip's effect in one run, in the unit of the figure; bounds are NaN where there are none."""

    run: str
    effect: float
    low: float
    high: float
    margin: float  # half the width of the run's zone of equivalence; NaN where it has none
    verdict: str

    @property
    def ends(self) -> list[float]:
        """Effect and bounds, as far as they are finite."""
        return [value for value in (self.effect, self.low, self.high) if math.isfinite(value)]


class Group(NamedTuple):
    """A tip, and its effect in each run that has it."""

    title: str
    lines: tuple[Line, ...]


class SideBySide(NamedTuple):
    """The runs of one measure: tips from top to bottom, and the range that is shown."""

    groups: tuple[Group, ...]
    low: float
    high: float
    unit: str

    @property
    def runs(self) -> list[str]:
        """Names of the runs, each once."""
        return list(dict.fromkeys(line.run for group in self.groups for line in group.lines))


def side_by_side_info(effects: pd.DataFrame, scale: float, unit: str) -> SideBySide:
    """From the effects of one measure (`harness.analysis.compare.Comparison`)."""
    groups = []
    for _, rows in effects.groupby("contrast", sort=False):
        lines = tuple(
            Line(
                run=row.run,
                effect=row.effect * scale,
                low=row.low * scale,
                high=row.high * scale,
                margin=row.margin * scale,
                verdict=row.verdict,
            )
            for row in each_row(rows)
        )
        groups.append(Group(str(rows["title"].iloc[0]), lines))
    return SideBySide(tuple(groups), *_range(groups), unit)


def _range(groups: Sequence[Group]) -> tuple[float, float]:
    """A range that no run of few seeds stretches; every effect is in it."""
    lines = [line for group in groups for line in group.lines]
    reach = median(max(map(abs, line.ends)) for line in lines)
    values = [value for line in lines for value in (*line.ends, -line.margin, line.margin)]
    shown = [value for value in values if abs(value) <= FAR * reach]  # a NaN is not
    shown += [line.effect for line in lines]
    low, high = min(0.0, *shown), max(0.0, *shown)
    margin = 0.1 * (high - low) or 1.0
    low, high = low - margin, high + margin
    return min(low, -SIDE * high), max(high, -SIDE * low)


def draw_side_by_side(panels: Sequence[SideBySide], width: float) -> "Figure":
    """Draw a panel a measure, since effects of two measures have no common axis.

    Next to each other they have the same tips at the same height; on a phone they are below each
    other. A run has a row.
    """
    narrow = width <= NARROW
    named = dict.fromkeys(group.title for panel in panels for group in panel.groups)
    titles = {title: show.wrapped(title, 42 if narrow else 70) for title in named}
    columns = 1 if narrow else len(panels)
    labels = _labels(panels, 24 if narrow else 40 // columns)
    row = ROW + LINE * max((label.count("\n") for label in labels.values()), default=0)
    rows = [_places([panel] if narrow else panels, titles) for panel in panels]
    heights = [row * count + HEAD for _, count in rows][: len(panels) // columns]
    figure = blank(figsize=(width, sum(heights)), layout="constrained")
    grid = figure.subplots(len(heights), columns, squeeze=False, height_ratios=heights)
    for axes, panel, (places, count) in zip(grid.flat, panels, rows, strict=True):
        _set_axes(axes, panel, count)
        round_ticks(axes.xaxis, 4 if narrow else 6 // columns + 1)
        _write_runs(axes, panel, places, labels)
        if len(panel.runs) == 1:
            axes.set_title(show.wrapped(panel.runs[0], LONGEST // columns), color=INK, pad=18)
        for group in panel.groups:
            _draw_group(axes, group, places[group.title], panel)
            if narrow or panel is panels[0]:
                write_head(figure, axes, titles[group.title], places[group.title])
        draw_ground(axes, [_band(group, places[group.title]) for group in panel.groups])
    return figure


def _places(
    panels: Sequence[SideBySide], titles: Mapping[str, str]
) -> tuple[dict[str, float], float]:
    """The row of the last line of each tip's title, and how many rows there are."""
    places, place = {}, 0.0
    for title, lines in titles.items():
        counts = [len(group.lines) for panel in panels for group in panel.groups
                  if group.title == title]  # fmt: skip
        if counts:
            place += lines.count("\n")
            places[title] = place
            place += 1 + max(counts) + GAP
    return places, place - GAP


def _labels(panels: Sequence[SideBySide], width: int) -> dict[str, str]:
    """The runs of panels that have several, in lines of so many letters."""
    several = [panel for panel in panels if len(panel.runs) > 1]
    return {run: show.wrapped(run, width) for panel in several for run in panel.runs}


def _band(group: Group, place: float) -> "Span":
    """The rows of a tip's runs, below its title."""
    return place + 1 - HALF, place + len(group.lines) + HALF


def _draw_group(axes: "Axes", group: Group, place: float, panel: SideBySide) -> None:
    for step, line in enumerate(group.lines, 1):
        _draw_line(axes, line, place + step, panel)


def _draw_line(axes: "Axes", line: Line, place: float, panel: SideBySide) -> None:
    draw_zone(axes, line.margin, (place - HALF, place + HALF))
    marker, colour, filled = MARKS.get(line.verdict, UNDECIDED)
    axes.plot([line.low, line.high], [place] * 2, color=colour, linewidth=1.3)
    axes.plot(line.effect, place, marker, markersize=6, markeredgecolor=colour,
              markerfacecolor=colour if filled else PAPER, markeredgewidth=1.5)  # fmt: skip
    mark_far(axes, line.ends, place, (panel.low, panel.high), colour)


def _write_runs(
    axes: "Axes", panel: SideBySide, places: Mapping[str, float], labels: Mapping[str, str]
) -> None:
    """The runs left of their rows, where there are several."""
    rows = {
        places[group.title] + step: labels[line.run]
        for group in panel.groups
        for step, line in enumerate(group.lines, 1)
        if line.run in labels
    }
    axes.set_yticks(list(rows), list(rows.values()))
    axes.tick_params(axis="y", length=0, pad=9)  # clear of arrows


def _set_axes(axes: "Axes", panel: SideBySide, rows: float) -> None:
    write_sides(axes)
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlim(panel.low, panel.high)
    axes.xaxis.set_major_formatter(ticked)
    axes.set_xlabel(f"effect on {panel.unit}")
