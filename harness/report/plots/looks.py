"""Looks at a sequential run: estimate and repeated interval of each contrast, look by look."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness.analysis.closed import Point
from harness.analysis.effects import NOT_JUDGED
from harness.analysis.objectives import Objective
from harness.analysis.sequential import State
from harness.core import format as show
from harness.report.inks import EQUIVALENT, INK, MUTED, PAPER, REFERENCE
from harness.report.plots.marks import MARKS, NARROW, Mark, blank, round_ticks, ticked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from harness.report.plots.style import Figure

HEIGHT = 1.65  # inches of a panel, with the words above it
LETTERS = 15  # of a title to an inch
LINES = 2  # of a title that a panel has room for
LINE = 0.16  # inches of a further one
TICK = 0.22  # inches from one labelled tick to the next
AXIS = 0.5  # inches of a panel that its vertical axis takes
_ENDS = {  # how a contrast was closed
    **MARKS,
    State.FUTILE: Mark("X", MUTED),
    NOT_JUDGED: Mark("X", MUTED),
    State.OPEN: Mark("o", INK, filled=False),
}


class At(NamedTuple):
    """A contrast at a look, in the objective's unit; NaN where the look had no value."""

    seeds: int
    effect: float
    low: float
    high: float


class Panel(NamedTuple):
    """A contrast over the looks that it was open at; the last of them decided its `word`."""

    title: str
    looks: tuple[At, ...]
    margin: float  # half-width of the zone of equivalence; NaN: none
    word: str  # open, or how it was closed

    @property
    def end(self) -> str:
        """How it stands, and at how many seeds."""
        when = "after" if self.word == State.OPEN else "at"
        return f"{self.word} {when} {self.looks[-1].seeds} seeds"


def looks_info(
    points: Sequence[Point], titles: Mapping[str, str], objective: Objective
) -> tuple[Panel, ...]:
    """A panel a contrast, in the order of `titles` (contrast → title)."""
    panels = []
    for name, title in titles.items():
        mine = [point for point in points if point.contrast == name]
        if mine:
            margins = [_scaled(point.margin, objective) for point in mine]
            looks = tuple(
                At(point.seeds, *(_scaled(value, objective) for value in
                                  (point.effect, point.low, point.high)))
                for point in mine
            )  # fmt: skip
            panels.append(Panel(title, looks, margins[0], mine[-1].word))
    return tuple(panels)


def _scaled(value: float | None, objective: Objective) -> float:
    return math.nan if value is None else value * objective.scale


def draw_looks(
    panels: Sequence[Panel], planned: Sequence[int], unit: str, width: float
) -> "Figure":
    """Small multiples; `planned`: the numbers of seeds of all looks."""
    columns = min(len(panels), 2 if width <= NARROW else 3)
    rows = -(-len(panels) // columns)
    across = width / columns
    letters = int(LETTERS * (across - AXIS))
    titles = [show.wrapped(panel.title, letters) for panel in panels]
    further = max(0, *(title.count("\n") + 1 - LINES for title in titles))
    figure = blank(figsize=(width, (HEIGHT + LINE * further) * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place >= len(panels):
            axes.set_visible(False)
            continue
        _draw(axes, panels[place], titles[place])
        _set_seeds(axes, planned, across - AXIS)
        axes.tick_params(labelbottom=place + columns >= len(panels))
    figure.supxlabel("seeds", fontsize=8.5, color=MUTED)
    figure.supylabel(f"effect on {unit}", fontsize=8.5, color=MUTED)
    return figure


def _draw(axes: "Axes", panel: Panel, title: str) -> None:
    marker, colour, filled = _ENDS[panel.word]
    if math.isfinite(panel.margin):
        axes.axhspan(-panel.margin, panel.margin, color=EQUIVALENT, alpha=0.16, linewidth=0)
    axes.axhline(0, color=INK, linewidth=0.9)
    axes.plot([at.seeds for at in panel.looks], [at.effect for at in panel.looks],
              color=REFERENCE, linewidth=0.9)  # fmt: skip
    *before, last = panel.looks
    for at in before:
        axes.plot([at.seeds] * 2, [at.low, at.high], color=REFERENCE, linewidth=1.2)
        axes.plot(at.seeds, at.effect, "o", color=REFERENCE, markersize=3.5)
    axes.plot([last.seeds] * 2, [last.low, last.high], color=colour, linewidth=2)
    axes.plot(last.seeds, last.effect, marker, markersize=6.5, markeredgecolor=colour,
              markerfacecolor=colour if filled else PAPER, markeredgewidth=1.2)  # fmt: skip
    round_ticks(axes.yaxis, 4)
    axes.yaxis.set_major_formatter(ticked)
    axes.grid(axis="x", visible=False)
    axes.set_title(title, pad=15, fontsize=8.5)
    end = axes.annotate(panel.end, (0, 1), (0, 4), "axes fraction", "offset points", color=colour,
                        fontsize=8)  # fmt: skip
    end.set_in_layout(False)  # the title leaves room for it


def _set_seeds(axes: "Axes", planned: Sequence[int], inches: float) -> None:
    """A tick a look; a label where there is room for it, the last look first."""
    first, last = planned[0], planned[-1]
    pad = 0.06 * (last - first) or 1.0
    axes.set_xlim(first - pad, last + pad)
    room = TICK * (last - first + 2 * pad) / inches  # in seeds
    labelled = [last]
    for seeds in reversed(planned):
        if labelled[-1] - seeds >= room:
            labelled.append(seeds)
    axes.set_xticks(planned, [str(seeds) if seeds in labelled else "" for seeds in planned])
