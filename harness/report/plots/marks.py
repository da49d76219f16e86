"""Marks of all figures: a look a cell, a mark a verdict, sizes; and the paper they are drawn on.

Nothing here loads matplotlib before something is drawn: a report has its figures drawn by another
process (`harness.report.studio`), and needs the rest itself.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from harness.analysis.verdicts import BETTER, EQUIVALENT, WORSE
from harness.core import format as show
from harness.report import inks
from harness.report.inks import INK, PALETTE, REFERENCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from harness.report.plots.style import Figure

Dash = Literal["-", "--", ":", "-."]
DASHES: tuple[Dash, ...] = ("-", "--", ":", "-.")
WIDE, NARROW = 7.4, 3.7  # inches: a page, a phone


class Look(NamedTuple):
    """How a cell's lines look, the same in every figure."""

    colour: str
    dash: Dash


class Mark(NamedTuple):
    """How a verdict is marked, the same in every figure: its shape differs, too."""

    marker: str
    colour: str
    filled: bool = True


MARKS: Mapping[str, Mark] = {
    BETTER: Mark("v", inks.BETTER),
    WORSE: Mark("^", inks.WORSE),
    EQUIVALENT: Mark("s", inks.EQUIVALENT),
}
UNDECIDED = Mark("o", inks.REFERENCE, filled=False)


def looks(cells: Sequence[str], reference: str) -> dict[str, Look]:
    """Cell → look; the reference is grey, and dashes distinguish cells beyond the palette."""
    others = [cell for cell in cells if cell != reference]
    count = len(PALETTE)
    named = {
        cell: Look(PALETTE[n % count], DASHES[(n // count) % len(DASHES)])
        for n, cell in enumerate(others)
    }
    return {reference: Look(REFERENCE, "-"), **named}


def write_title(axes: "Axes", title: str, look: Look) -> None:
    """A title in ink, under a stroke in a cell's colour: text needs more contrast than lines."""
    axes.set_title(title, color=INK)
    axes.plot([0, 0.14], [1, 1], transform=axes.transAxes, color=look.colour, linestyle=look.dash,
              linewidth=2.5, clip_on=False, zorder=3)  # fmt: skip


def ticked(value: float, _: float) -> str:
    """A number on an axis."""
    return show.tick(value)


def round_ticks(axis: "Axis", most: int = 10, integer: bool = False) -> None:
    """Set ticks at round numbers, of which there are at most so many intervals."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(most, integer=integer))


def blank(**options: Any) -> "Figure":
    """A figure to draw on; `options` are matplotlib's."""
    from harness.report.plots.style import Figure

    return Figure(**options)
