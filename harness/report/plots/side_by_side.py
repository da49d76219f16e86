"""Forest plot of several runs: for each tip the effect in every run, an axis for each measure."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from harness.analysis.rows import each_row
from harness.core import format as show
from harness.report.inks import EQUIVALENT, INK, MUTED, PAPER
from harness.report.plots.forest import mark_far, write_sides
from harness.report.plots.marks import MARKS, NARROW, UNDECIDED, blank, round_ticks, ticked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from harness.report.plots.style import Figure

ROW, HEAD = 0.24, 1.0  # inches: a row, and what is above and below them
GAP = 0.6  # rows between two tips
BASE = 0.17  # rows from the middle of a line to where its letters stand
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

    Each has the same tips at the same height, and a row a run; on a phone they are below each
    other.
    """
    narrow = width <= NARROW
    named = dict.fromkeys(group.title for panel in panels for group in panel.groups)
    titles = {title: show.wrapped(title, 42 if narrow else 70) for title in named}
    places, rows = _places(panels, titles)
    columns = 1 if narrow else len(panels)
    height = ROW * rows + HEAD
    size = (width, height * (len(panels) if narrow else 1))
    figure = blank(figsize=size, layout="constrained")
    grid = figure.subplots(len(panels) // columns, columns, squeeze=False)
    for axes, panel in zip(grid.flat, panels, strict=True):
        for group in panel.groups:
            _draw_group(axes, group, places[group.title], panel)
            if narrow or panel is panels[0]:
                _write_title(axes, titles[group.title], places[group.title])
        _set_axes(axes, panel, rows, columns)
    return figure


def _places(
    panels: Sequence[SideBySide], titles: Mapping[str, str]
) -> tuple[dict[str, float], float]:
    """The row of the last line of each tip's title, and how many rows there are."""
    places, place = {}, 0.0
    for title, lines in titles.items():
        place += lines.count("\n")
        places[title] = place
        counts = [len(group.lines) for panel in panels for group in panel.groups
                  if group.title == title]  # fmt: skip
        place += 1 + max(counts) + GAP
    return places, place - GAP


def _draw_group(axes: "Axes", group: Group, place: float, panel: SideBySide) -> None:
    for step, line in enumerate(group.lines, 1):
        _draw_line(axes, line, place + step, panel)


def _draw_line(axes: "Axes", line: Line, place: float, panel: SideBySide) -> None:
    if line.margin > 0:
        axes.fill_between([-line.margin, line.margin], place - 0.45, place + 0.45, linewidth=0,
                          color=EQUIVALENT, alpha=0.16, zorder=0)  # fmt: skip
    marker, colour, filled = MARKS.get(line.verdict, UNDECIDED)
    axes.plot([line.low, line.high], [place] * 2, color=colour, linewidth=1.3)
    axes.plot(line.effect, place, marker, markersize=6, markeredgecolor=colour,
              markerfacecolor=colour if filled else PAPER, markeredgewidth=1.5)  # fmt: skip
    mark_far(axes, line.ends, place, (panel.low, panel.high), colour)
    if len(panel.runs) > 1:
        axes.annotate(line.run, (panel.low, place), (2, 0), textcoords="offset points", va="center",
                      color=MUTED, fontsize=7)  # fmt: skip


def _write_title(axes: "Axes", title: str, place: float) -> None:
    box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.2, "alpha": 0.7}
    text = axes.text(0, place + BASE, title, transform=axes.get_yaxis_transform(), color=INK,
                     fontweight="bold", bbox=box, zorder=4)  # fmt: skip
    text.set_in_layout(False)  # a long one may reach over the next panel


def _set_axes(axes: "Axes", panel: SideBySide, rows: float, columns: int) -> None:
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1)
    write_sides(axes)
    if len(panel.runs) == 1:
        axes.set_title(show.wrapped(panel.runs[0], LONGEST // columns), color=INK, pad=18)
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", visible=False)
    axes.set_xlim(panel.low, panel.high)
    round_ticks(axes.xaxis, 6 // columns + 1)
    axes.xaxis.set_major_formatter(ticked)
    axes.set_xlabel(f"effect on {panel.unit}")
