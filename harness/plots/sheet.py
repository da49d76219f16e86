"""Sample grids through training as one picture: a row a cell, a column a moment."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from harness.plots.style import Look, shortened

ROOM = 12  # cells that a page has room for
LONGEST = 60  # letters of a cell's label above its row


class Row(NamedTuple):
    """A cell's grids, the earliest first, and when each was made."""

    cell: str
    grids: tuple[tuple[str, Path], ...]


def draw_sheet(rows: Sequence[Row], looks: dict[str, Look], width: float) -> Figure:
    """Draw the first `ROOM` rows, all grids at one size, no pixel blurred."""
    drawn = rows[:ROOM]
    columns = max(len(row.grids) for row in drawn)
    height = (width / columns + 0.36) * len(drawn)
    figure = Figure(figsize=(width, height), layout="constrained")
    grid = figure.subplots(len(drawn), columns, squeeze=False)
    for places, row in zip(grid, drawn, strict=True):
        for axes in places:
            axes.set_axis_off()
        for axes, (when, path) in zip(places, row.grids, strict=False):
            _draw_grid(axes, path, when)
        name = shortened(row.cell, LONGEST)
        places[0].text(
            0, 1.03, name, transform=places[0].transAxes, color=looks[row.cell].colour, fontsize=9
        )
    return figure


def _draw_grid(axes: Axes, path: Path, when: str) -> None:
    with Image.open(path) as image:
        axes.imshow(image.convert("RGB"), interpolation="nearest")
    axes.text(
        1, -0.03, when, transform=axes.transAxes, ha="right", va="top", fontsize=7.5
    )
