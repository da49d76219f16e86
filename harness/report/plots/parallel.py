"""Parallel coordinates: each trial of a search as a line through its values and its objective."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from harness.analysis.edges import share
from harness.analysis.objectives import FINAL, Objective
from harness.analysis.rows import each_row
from harness.analysis.search import SUGGESTED, ranked
from harness.core import format as show
from harness.report.inks import BETTER, MUTED, PAPER, REFERENCE, RULE, WORSE
from harness.report.plots.marks import blank
from harness.runs.status import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from harness.report.plots.style import Figure

WIDEST = 10  # times the smallest objective, beyond which its scale is logarithmic
ROW, MARGIN = 0.6, 0.3  # inches: of a scale with its name, and above and below all
INSET = 0.04  # of the width, left of a scale and right of it
FAINT, STRONG = 0.15, 0.9  # opacity of the worst trial and of the best
# in front of the lines, which end at its edge
_READABLE: dict[str, Any] = {"zorder": 4}
_READABLE["bbox"] = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.8}


class Scale(NamedTuple):
    """One dimension, from 0 to 1; `ticks`: places and what stands there."""

    name: str
    ticks: tuple[tuple[float, str], ...]
    log: bool = False


class Line(NamedTuple):
    """One trial: its place on each scale, the first at the top; a trial without a rank has no last.

    `rank`: 0 for the best finished trial that has learnt, 1 for the worst; None for all others.
    """

    places: tuple[float, ...]
    status: str
    rank: float | None


class Parallel(NamedTuple):
    """Scales in the order of the space, then that of the objective; lines, the best one last."""

    scales: tuple[Scale, ...]
    lines: tuple[Line, ...]


def parallel_info(
    table: pd.DataFrame, space: Mapping[str, Mapping[str, Any]], judged: Objective = FINAL
) -> Parallel:
    """From the table of suggestions, those left out that were refused or have not ended."""
    best = ranked(table)
    order = {number: place for place, number in enumerate(best["number"])}
    kids = best["final"] * judged.scale
    last = {"low": kids.min(), "high": kids.max()}
    last["log"] = last["high"] > WIDEST * last["low"] > 0
    lines = []
    params = table[[f"{SUGGESTED}{name}" for name in space]].itertuples(index=False, name=None)
    for row, values in zip(each_row(table), params, strict=True):
        if row.status not in (Status.FINISHED, Status.PRUNED, Status.DIVERGED):
            continue
        places = [*map(_place, space.values(), values)]
        rank = None
        if row.number in order:
            rank = order[row.number] / max(1, len(order) - 1)
            places.append(_place(last, row.final * judged.scale))
        lines.append(Line(tuple(places), str(row.status), rank))
    scales = [_scale(name, span) for name, span in space.items()]
    scales.append(_scale(judged.unit, last, show.number) if order else Scale(judged.unit, ()))
    return Parallel(tuple(scales), tuple(sorted(lines, key=_front)))


def _front(line: Line) -> float:
    """Trials that have no rank are drawn first, and the best is drawn last."""
    return -2.0 if line.rank is None else -line.rank


def _place(span: Mapping[str, Any], value: Any) -> float:
    if choices := span.get("choices"):
        at: int = choices.index(value)
        return at / max(1, len(choices) - 1)
    return 0.5 if span["low"] == span["high"] else share(span, value)


def _scale(name: str, span: Mapping[str, Any], text: Callable[[float], str] = show.tick) -> Scale:
    if choices := span.get("choices"):
        return Scale(name, tuple((_place(span, one), str(one)) for one in choices))
    ends = dict.fromkeys((span["low"], span["high"]))
    ticks = tuple((_place(span, end), text(end)) for end in ends)
    return Scale(name, ticks, bool(span.get("log")))


def draw_parallel(info: Parallel, width: float) -> "Figure":
    """The scales lie below each other, so that names keep their room on a phone."""
    height = ROW * len(info.scales) + MARGIN
    figure = blank(figsize=(width, height))
    axes = figure.add_axes((INSET, 0, 1 - 2 * INSET, 1))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(len(info.scales) - 1 + 0.5 + MARGIN / ROW / 2, -0.5 - MARGIN / ROW / 2)
    for row, scale in enumerate(info.scales):
        _draw_scale(axes, row, scale)
    for line in info.lines:
        axes.plot(line.places, range(len(line.places)), **_look(line))
    return figure


def _draw_scale(axes: "Axes", row: int, scale: Scale) -> None:
    axes.plot((0, 1), (row, row), color=RULE, linewidth=1, zorder=1)
    title = f"{scale.name} (log)" if scale.log else scale.name
    axes.text(0, row - 0.16, title, fontsize=8, va="bottom", ha="left", **_READABLE)
    for place, text in scale.ticks:
        side = "left" if place == 0 else "right" if place == 1 else "center"
        axes.plot((place, place), (row - 0.06, row + 0.06), color=MUTED, linewidth=0.8, zorder=1)
        below = {"fontsize": 7, "color": MUTED, "va": "top", "ha": side, **_READABLE}
        axes.text(place, row + 0.14, text, **below)


def _look(line: Line) -> dict[str, Any]:
    if line.rank is None:
        colour = WORSE if line.status == Status.DIVERGED else REFERENCE
        return {"color": colour, "alpha": 0.45, "linewidth": 0.8, "linestyle": ":", "zorder": 2}
    opacity = STRONG + (FAINT - STRONG) * math.sqrt(line.rank)
    best = line.rank == 0
    look = {"color": BETTER, "alpha": 1.0 if best else opacity, "linewidth": 2.4 if best else 1.1}
    return look | {"zorder": 3, "clip_on": False, "marker": "o", "markersize": 4.5 if best else 2.0}
