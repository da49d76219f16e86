"""Images at a glance: real ones, and those of the reference before and after its training."""

from pathlib import Path

from harness.core.grids import GRID, Layout
from harness.report import pictures
from harness.report.blocks import Gallery, Picture, Strip
from harness.report.data import ReportData
from harness.report.inks import INK
from harness.report.real import real_pictures
from harness.report.shown import shown_cells, shown_seed

FEW = Layout(4)  # images of a row,
ROWS = 2  # and rows
WIDTH = 128  # pixels that they have at least


def show_reference(data: ReportData) -> list[Gallery]:
    """The first images of the grids of the section on samples; empty where there are none."""
    reference = data.plan.reference
    if reference not in set(data.frames.samples["cell"]):
        return []
    (item,) = shown_cells(data, [reference], shown_seed(data))
    grids = item.seeds[item.seed]
    real = [_few("real", "Real images", path) for path in real_pictures(data, [reference]).values()]
    made = [
        _few(grid.when, f"Images of the reference, seed {item.seed}, {grid.when}", grid.path)
        for grid in (grids if len(grids) < 2 else (grids[0], grids[-1]))
    ]
    return [Gallery("Images of the reference", [Strip("", INK, [*real, *made])])]


def _few(caption: str, alt: str, path: Path) -> Picture:
    return Picture(caption, alt, pictures.webp(path, GRID, FEW, WIDTH, most=FEW.columns * ROWS))
