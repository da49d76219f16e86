"""Interaction plot: the mean at each pair of levels of two factors; parallel lines: none."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from harness.core import format as show
from harness.core.format import KID_SCALE
from harness.report.inks import INK, MUTED
from harness.report.plots.marks import DASHES, NARROW, blank, round_ticks, ticked
from harness.runs.crossed import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from harness.report.plots.style import Figure

PANEL = 2.5  # inches high
LETTERS = 14  # of a factor's name, in an inch
AXIS = 0.4  # inches of a panel that its vertical axis takes
LINE = 0.16  # inches of a further line of a name
SHADES = (INK, MUTED)


class Line(NamedTuple):
    """One level of the second factor, KID × 10³ at each level of the first; NaN: not trained."""

    level: str
    mean: tuple[float, ...]
    seeds: tuple[tuple[float, ...], ...]


class Panel(NamedTuple):
    """Two factors."""

    first: str
    second: str
    levels: tuple[str, ...]  # of the first, from left to right
    lines: tuple[Line, ...]


def interaction_panel(first: Scale, second: Scale, means: pd.DataFrame) -> Panel:
    """Lines from values by `first`, `second` and `seed`; the compared levels stand last."""
    return Panel(
        first.name,
        second.name,
        tuple(_ordered(first)),
        tuple(_line(level, _ordered(first), means) for level in _ordered(second)),
    )


def _ordered(scale: Scale) -> list[str]:
    base = scale.levels[scale.base]
    return [base, *(level for level in scale.levels if level != base)]


def _line(level: str, across: Sequence[str], means: pd.DataFrame) -> Line:
    of_level = means[means["second"] == level]
    table = of_level.pivot_table(index="seed", columns="first", values="value", dropna=False)
    table = table.reindex(columns=list(across)) * KID_SCALE
    seeds = [tuple(row) for row in table.to_numpy(float).tolist()]
    return Line(level, tuple(table.mean().tolist()), tuple(seeds))


def draw_interactions(panels: Sequence[Panel], width: float) -> "Figure":
    """One panel a pair of factors, on one scale."""
    across = min(len(panels), 2 if width <= NARROW else 3)
    down = math.ceil(len(panels) / across)
    factors = [name for panel in panels for name in (panel.first, panel.second)]
    letters = int(LETTERS * (width / across - AXIS))
    names = {factor: show.wrapped(factor, letters) for factor in factors}
    lines = sum(max(names[getattr(panel, side)].count("\n") for panel in panels)
                for side in ("first", "second"))  # fmt: skip
    height = (PANEL + LINE * lines) * down + 0.2
    figure = blank(figsize=(width, height), layout="constrained")
    grid = figure.subplots(down, across, sharey=True, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place >= len(panels):
            axes.set_visible(False)
            continue
        _draw(axes, panels[place], names)
        if place % across == 0:
            axes.set_ylabel("KID × 10³")
    return figure


def _draw(axes: "Axes", panel: Panel, names: Mapping[str, str]) -> None:
    places = range(len(panel.levels))
    for number, line in enumerate(panel.lines):
        # a level is no cell, so it has no cell's colour
        colour, dash = SHADES[number % len(SHADES)], DASHES[number % len(DASHES)]
        for seed in line.seeds:
            axes.plot(places, seed, color=colour, linewidth=0.6, alpha=0.35)
        axes.plot(places, line.mean, "o", linestyle=dash, color=colour, linewidth=1.8,
                  markersize=4.5, label=line.level)  # fmt: skip
    axes.set_xticks(list(places), panel.levels)
    axes.set_xlim(-0.3, len(panel.levels) - 0.7)
    axes.set_xlabel(names[panel.first])
    round_ticks(axes.yaxis, 5)
    axes.yaxis.set_major_formatter(ticked)
    axes.grid(axis="x", visible=False)
    above: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0}
    small: dict[str, Any] = {
        "handlelength": 1.6,
        "columnspacing": 1.0,
        "handletextpad": 0.5,
        "title_fontsize": 8,
    }
    axes.legend(title=names[panel.second], alignment="left", ncols=3, **above, **small)
