"""The curves of one cell in several runs: a panel a run, each with an axis that is its own."""

from collections.abc import Sequence
from typing import NamedTuple

from harness.core import format as show
from harness.report.inks import INK
from harness.report.plots.curves import Curves, draw_panel, set_scale
from harness.report.plots.style import NARROW, Figure, Look, write_title

LONGEST = {1: 36, 2: 30, 3: 22}  # panels in a row → letters of a run's name that fit above one


class Panel(NamedTuple):
    """A run with the curves of a cell in it, which is the only one or the reference."""

    run: str
    curves: Curves
    look: Look

    @property
    def n(self) -> int:
        """Finished seeds of the cell."""
        return (*self.curves.cells, self.curves.reference)[0].n


def draw_panels(panels: Sequence[Panel], reference: Look, width: float) -> Figure:
    """Draw the panels in rows; runs do not share an axis, since their KIDs do not compare."""
    narrow = width <= NARROW
    columns = 1 if narrow else min(len(panels), 3)
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(width, (1.7 if narrow else 2.0) * rows + 0.3), layout="constrained")
    places = list(figure.subplots(rows, columns, squeeze=False).flat)
    names = show.shorten_apart([panel.run for panel in panels], LONGEST[columns])
    for axes, panel in zip(places, panels, strict=False):
        first = panel.curves.reference
        curve = panel.curves.cells[0] if panel.curves.cells else first
        draw_panel(axes, curve, first, {first.cell: reference, curve.cell: panel.look})
        write_title(axes, f"{names[panel.run]}  (n = {curve.n})", panel.look)
        set_scale(axes, panel.curves.logarithmic)
    for axes in places[len(panels) :]:
        axes.set_visible(False)
    figure.supxlabel("real images shown to the discriminator (thousands)", fontsize=8.5, color=INK)
    figure.supylabel("KID × 10³", fontsize=8.5, color=INK)
    return figure
