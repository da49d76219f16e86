"""Images at a glance: real ones, and those of the reference before and after its training."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from harness.core.grids import GRID, Layout, spread, tiles
from harness.report import pictures
from harness.report.blocks import Gallery, Picture, Strip
from harness.report.data import ReportData
from harness.report.inks import INK
from harness.report.real import real_pictures
from harness.report.shown import shown_cells, shown_seed

FEW = Layout(4)  # images of a row,
ROWS = 2  # and rows
WIDTH = 128  # pixels that they have at least
PAIR = 2  # images of a translation's grid belong together: a source, and what is made of it


def show_reference(data: ReportData) -> list[Gallery]:
    """Images at the same places of all grids, spread over them; empty where there are no grids."""
    reference = data.plan.reference
    if reference not in set(data.frames.samples["cell"]):
        return []
    (item,) = shown_cells(data, [reference], shown_seed(data))
    grids = item.seeds[item.seed]
    ends = grids if len(grids) < 2 else (grids[0], grids[-1])
    real = list(real_pictures(data, [reference]).values())
    translated = data.frames.configs[reference].get("translation.source")
    least = min(map(_count, [*real, *(grid.path for grid in ends)]))
    places = spread(least, FEW.columns * ROWS, PAIR if translated else 1)
    shown = [_few("real", "Real images", path, places) for path in real]
    shown += [
        _few(
            grid.when, f"Images of the reference, seed {item.seed}, {grid.when}", grid.path, places
        )
        for grid in ends
    ]
    return [Gallery("Images of the reference", [Strip("", INK, shown)])]


def _count(path: Path) -> int:
    with Image.open(path) as grid:
        return len(tiles(grid, GRID.columns))


def _few(caption: str, alt: str, path: Path, places: Sequence[int]) -> Picture:
    return Picture(caption, alt, pictures.webp(path, GRID, FEW, WIDTH, places))
