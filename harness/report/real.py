"""Validation images, with which the generated ones of a report are compared."""

from collections.abc import Iterable
from pathlib import Path

from harness.analysis.frame import Frames, each_row
from harness.core import format as show
from harness.core.grids import GRID, Layout
from harness.report import pictures
from harness.report.blocks import Picture, Strip
from harness.report.data import ReportData
from harness.report.inks import INK
from harness.runs import layout

LABEL = "Validation images"


def real_pictures(
    data: ReportData, cells: Iterable[str], name: str = layout.VALIDATION
) -> dict[str, Path]:
    """Label → a picture of the validation images of these cells, one for each choice of images.

    Empty where the record is of an earlier version. `name` is one of `layout.PICTURES`.
    """
    choices: dict[str, list[str]] = {}
    for cell in cells:
        choices.setdefault(_choice(data.frames, cell), []).append(cell)
    by_label: dict[str, Path] = {}
    for alike in choices.values():
        whose = f" of {show.listed(data.names[cell] for cell in alike)}" if len(choices) > 1 else ""
        if path := real_picture(data.frames, alike[0], name):
            by_label[f"{LABEL}{whose}"] = path
    return by_label


def real_picture(frames: Frames, cell: str, name: str = layout.VALIDATION) -> Path | None:
    """A picture of a cell's validation images, from any cell that has the same ones.

    None where the record is of an earlier version. `name` is one of `layout.PICTURES`.
    """
    chosen = _choice(frames, cell)
    rows = each_row(frames.pictures[frames.pictures["name"] == name])
    return next((Path(row.path) for row in rows if _choice(frames, row.cell) == chosen), None)


def _choice(frames: Frames, cell: str) -> str:
    """The settings of a cell's data."""
    knobs = frames.configs[cell]
    return str(sorted((path, value) for path, value in knobs.items() if path.startswith("data.")))


def real_strips(
    real: dict[str, Path],
    stored: Layout = GRID,
    shown: Layout | None = None,
    width: int = pictures.SMALL,
) -> list[Strip]:
    """The first rows of a gallery: the pictures of `real_pictures`, laid out as the others."""
    return [
        Strip(
            label,
            INK,
            [Picture("real", f"Real images: {label}", pictures.webp(path, stored, shown, width))],
            real=True,
        )
        for label, path in real.items()
    ]
