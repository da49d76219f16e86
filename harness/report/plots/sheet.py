"""Sample grids through training as one picture: a row a cell, a column a moment."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from harness.core import format as show
from harness.report.pictures import white
from harness.report.plots.style import Figure, Look

ROOM = 8  # cells that a page has room for, with a row of real images
LETTERS = 90  # of a line of a cell's name above its row
LINE = 0.15  # inches of a further line
INDENT = 0.14  # inches from the square in a cell's colour to its name
GAP, TEXT = 0.08, 0.46  # inches between grids: beside each other; of two rows, for what is written


class Row(NamedTuple):
    """A cell's grids, the earliest first, and when each was made."""

    cell: str
    grids: tuple[tuple[str, Path], ...]


def draw_sheet(rows: Sequence[Row], looks: dict[str, Look], width: float) -> Figure:
    """Draw a row a cell, all grids at one size, no pixel blurred."""
    columns = max(len(row.grids) for row in rows)
    side = width / columns - GAP
    names = {row.cell: show.wrapped(row.cell, LETTERS) for row in rows}
    text = TEXT + LINE * max(name.count("\n") for name in names.values())
    figure = Figure(figsize=(width, (side + text) * len(rows)))
    grid = figure.subplots(len(rows), columns, squeeze=False)
    below = 0.4 * TEXT
    top = 1 - (text - below) / figure.get_figheight()
    bottom = below / figure.get_figheight()
    figure.subplots_adjust(
        left=0, right=1, top=top, bottom=bottom, wspace=GAP / side, hspace=text / side
    )
    for places, row in zip(grid, rows, strict=True):
        for axes in places:
            axes.set_axis_off()
        for axes, (when, path) in zip(places, row.grids, strict=False):
            _draw_grid(axes, path, when)
        _write(places[0], 0, 1.03, "■", color=looks[row.cell].colour, fontsize=9)
        _write(places[0], INDENT / side, 1.03, names[row.cell], fontsize=9)
    return figure


def _draw_grid(axes: Axes, path: Path, when: str) -> None:
    axes.imshow(white(path).convert("RGB"), interpolation="nearest")
    _write(axes, 0, -0.03, when, va="top", fontsize=7.5)


def _write(axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """Text next to a grid; `style` is matplotlib's."""
    axes.text(x, y, text, transform=axes.transAxes, **style)
