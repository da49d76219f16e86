"""Critical-difference diagram: mean ranks, and bars over those that do not differ.

Demšar 2006. Blocks are runs on different data sets. Whether two differ depends on which others are
in the pool (Benavoli et al. 2016), so it comes after the effects, never in their place.
"""

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from harness.analysis.compare import critical_difference
from harness.analysis.rows import each_row
from harness.core import format as show
from harness.report.inks import INK, MUTED, RULE
from harness.report.plots.marks import NARROW, blank

if TYPE_CHECKING:
    from harness.report.plots.style import Figure

ROW, LINE, HEAD = 0.26, 0.13, 0.9  # inches: a row, a line more of its name, and what is above all
BAR = 0.03  # of the width, from one bar to the next


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


def draw_diagram(info: Diagram, width: float) -> "Figure":
    """Draw a row a treatment with its mean rank, and bars on the right over those in a group."""
    count = len(info.names)
    names = [show.wrapped(name, 24 if width <= NARROW else 50) for name in info.names]
    row = ROW + LINE * max(name.count("\n") for name in names)
    figure = blank(figsize=(width, row * count + HEAD), layout="constrained")
    axes = figure.add_subplot()
    top = -HEAD / row / 2  # above the rows: how far two must lie apart
    axes.plot([1, 1 + info.distance], [top] * 2, color=MUTED, linewidth=1.2)
    words = f"critical difference {show.number(info.distance, 2)}"
    axes.annotate(words, (1, top), (0, 4), textcoords="offset points", color=MUTED)
    for place, rank in enumerate(info.ranks):
        axes.plot([1, rank], [place] * 2, color=RULE, linewidth=0.7, zorder=1)
        axes.plot(rank, place, "o", color=INK, markersize=4)
        axes.annotate(show.number(rank, 2), (rank, place), (6, 0), textcoords="offset points",
                      va="center")  # fmt: skip
    for number, (first, last) in enumerate(info.groups, 1):
        axes.plot([1 + BAR * number] * 2, [first - 0.3, last + 0.3], color=INK, linewidth=3,
                  solid_capstyle="round", transform=axes.get_yaxis_transform(),
                  clip_on=False)  # fmt: skip
    axes.set_ylim(count - 0.5, top - 0.9)
    axes.set_xlim(0.8, max(count + 0.8, 1.2 + info.distance))
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xticks(range(1, count + 1))
    axes.set_xlabel("mean rank, 1 is the most helpful")
    axes.set_yticks(range(count), names)
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.grid(visible=False)
    return figure
