"""The curves of one cell in several runs: a panel a run, each with an axis that is its own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness.core import format as show
from harness.report.inks import INK
from harness.report.plots.curves import Curve, Curves, draw_panel, set_scale
from harness.report.plots.marks import NARROW, Look, blank, write_title

if TYPE_CHECKING:
    from harness.report.plots.style import Figure

LONGEST = {1: 44, 2: 38, 3: 28}  # panels in a row → letters of a line that fit above one
TITLE = 0.15  # inches of a further line


class Panel(NamedTuple):
    """A run with the curves of a cell in it, which is the only one or the reference."""

    run: str
    curves: Curves
    look: Look

    @property
    def curve(self) -> Curve:
        """The cell's."""
        return (*self.curves.cells, self.curves.reference)[0]

    @property
    def title(self) -> str:
        """The run, and how many seeds of the cell it finished."""
        return f"{self.run} (n\u00a0=\u00a0{self.curve.n})"


def draw_panels(panels: Sequence[Panel], reference: Look, width: float) -> "Figure":
    """Draw the panels in rows; runs do not share an axis, since their KIDs do not compare."""
    narrow = width <= NARROW
    columns = 1 if narrow else min(len(panels), 3)
    rows = -(-len(panels) // columns)
    titles = [show.wrapped(panel.title, LONGEST[columns]) for panel in panels]
    height = (1.7 if narrow else 2.0) + TITLE * max(title.count("\n") for title in titles)
    figure = blank(figsize=(width, height * rows + 0.3), layout="constrained")
    places = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, panel, title in zip(places, panels, titles, strict=False):
        first, curve = panel.curves.reference, panel.curve
        draw_panel(axes, curve, first, {first.cell: reference, curve.cell: panel.look})
        write_title(axes, title, panel.look)
        set_scale(axes, panel.curves.logarithmic)
    for axes in places[len(panels) :]:
        axes.set_visible(False)
    figure.supxlabel("real images shown to the discriminator (thousands)", fontsize=8.5, color=INK)
    figure.supylabel("KID × 10³", fontsize=8.5, color=INK)
    return figure
