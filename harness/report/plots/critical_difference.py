"""Critical-difference diagram: mean ranks on a line, and bars over those that do not differ.

Demšar 2006. Blocks are runs on different data sets. Whether two differ depends on which others are
in the pool (Benavoli et al. 2016), so it comes after the effects, never in their place.
"""

from typing import NamedTuple

import pandas as pd

from harness.analysis.compare import critical_difference
from harness.analysis.frame import each_row
from harness.core import format as show
from harness.report.inks import INK, MUTED, PAPER
from harness.report.plots.style import NARROW, Figure

LETTERS = (46, 20)  # of a line of half a figure: as wide as a page, and as narrow as a phone
LINE = 0.55  # rows that each further line of a name takes


class Diagram(NamedTuple):
    """Treatments by mean rank, the best first, and groups within one critical difference."""

    names: tuple[str, ...]
    ranks: tuple[float, ...]
    distance: float
    groups: tuple[tuple[int, int], ...]  # first and last of each, as places in `names`


def diagram_info(ranks: pd.DataFrame, runs: int, alpha: float) -> Diagram:
    """From mean ranks (columns title and rank, sorted) over `runs` data sets."""
    names = tuple(str(row.title) for row in each_row(ranks))
    values = tuple(float(row.rank) for row in each_row(ranks))
    distance = critical_difference(len(names), runs, alpha)
    return Diagram(names, values, distance, _groups(values, distance))


def _groups(values: tuple[float, ...], distance: float) -> tuple[tuple[int, int], ...]:
    """The longest stretches that span at most the critical difference, none within another."""
    groups: list[tuple[int, int]] = []
    for first, value in enumerate(values):
        last = max(i for i, other in enumerate(values) if other - value <= distance)
        if last > first and (not groups or last > groups[-1][1]):
            groups.append((first, last))
    return tuple(groups)


def _middle(info: Diagram) -> float:
    """Names of ranks up to here are to the right of their lines, others to the left."""
    return (1 + len(info.names)) / 2


def _texts(info: Diagram, width: float) -> list[str]:
    """Name and rank of each, in lines that half the figure holds."""
    letters = LETTERS[width <= NARROW]
    texts = []
    for name, rank in zip(info.names, info.ranks, strict=True):
        value = show.number(rank, 2)
        left = rank <= _middle(info)
        texts.append(show.wrapped(f"{value}  {name}" if left else f"{name}  {value}", letters))
    return texts


def draw_diagram(info: Diagram, width: float) -> Figure:
    """Draw the line of ranks, names below it, and bars between."""
    count, texts = len(info.names), _texts(info, width)
    middle = _middle(info)
    rows = count + sum(text.count("\n") for text in texts) * LINE
    figure = Figure(figsize=(width, 0.26 * rows + 0.2 * len(info.groups) + 1.0))
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    top = len(info.groups) + 1
    axes.plot([1, 1 + info.distance], [-1.2, -1.2], color=MUTED, linewidth=1.2)
    axes.text(
        1, -1.5, f"critical difference {show.number(info.distance, 2)}", color=MUTED, va="bottom"
    )
    for row, (first, last) in enumerate(info.groups):
        ends = [info.ranks[first] - 0.04, info.ranks[last] + 0.04]
        axes.plot(ends, [row + 0.7] * 2, color=INK, linewidth=3, solid_capstyle="round")
    level = float(top)
    # the middle first: the names of the outer ones, which point inwards, are below its lines
    inwards = sorted(zip(texts, info.ranks, strict=True), key=lambda one: abs(one[1] - middle))
    for text, rank in inwards:
        further = text.count("\n") * LINE
        level += further / 2  # to the middle of its lines
        axes.plot([rank, rank], [0, level], color=MUTED, linewidth=0.7, zorder=1)
        axes.plot(rank, 0, "o", color=INK, markersize=4)
        left = rank <= middle
        axes.annotate(
            text,
            (rank, level),
            (5 if left else -5, 0),
            textcoords="offset points",
            ha="left" if left else "right",
            va="center",
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6},
        )
        level += 1 + further / 2
    axes.set_ylim(level, -2.4)
    axes.set_xlim(0.6, count + 0.4)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xticks(range(1, count + 1))
    axes.set_xlabel("mean rank, 1 is the most helpful")
    axes.set_yticks([])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.grid(visible=False)
    return figure
