"""Critical-difference diagram: mean ranks on a line, and bars over those that do not differ.

Demšar 2006. Blocks are runs on different data sets. Whether two differ depends on which others are
in the pool (Benavoli et al. 2016), so it comes after the effects, never in their place.
"""

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from harness.analysis.compare import critical_difference
from harness.analysis.rows import each_row
from harness.core import format as show
from harness.report.inks import INK, MUTED
from harness.report.plots.marks import blank

if TYPE_CHECKING:
    from harness.report.plots.style import Figure


class Diagram(NamedTuple):
    """Treatments by mean rank, the best first, and groups within one critical difference."""

    names: tuple[str, ...]
    ranks: tuple[float, ...]
    distance: float
    groups: tuple[tuple[int, int], ...]  # first and last of each, as places in `names`


def diagram_info(ranks: pd.DataFrame, runs: int, alpha: float) -> Diagram:
    """From mean ranks (columns contrast and rank, sorted) over `runs` data sets."""
    names = tuple(str(row.contrast) for row in each_row(ranks))
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


def draw_diagram(info: Diagram, width: float) -> "Figure":
    """Draw the line of ranks, names below it, and bars between."""
    count = len(info.names)
    figure = blank(figsize=(width, 0.26 * count + 0.2 * len(info.groups) + 1.0))
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
    for place, (name, rank) in enumerate(zip(info.names, info.ranks, strict=True)):
        level = top + place
        axes.plot([rank, rank], [0, level], color=MUTED, linewidth=0.7)
        axes.plot(rank, 0, "o", color=INK, markersize=4)
        left = rank <= (1 + count) / 2
        axes.annotate(
            f"{show.number(rank, 2)}  {name}" if left else f"{name}  {show.number(rank, 2)}",
            (rank, level),
            (5 if left else -5, 0),
            textcoords="offset points",
            ha="left" if left else "right",
            va="center",
        )
    axes.set_ylim(top + count, -2.4)
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
