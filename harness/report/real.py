"""Validation images, with which the generated ones of a report are compared."""

from collections.abc import Iterable
from pathlib import Path

from harness.analysis.frame import each_row
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
    recorded = data.frames.pictures
    rows = each_row(recorded[recorded["name"] == name])
    paths = {row.cell: Path(row.path) for row in reversed(list(rows))}
    choices: dict[str, list[str]] = {}
    for cell in cells:
        settings = {k: v for k, v in data.frames.configs[cell].items() if k.startswith("data.")}
        choices.setdefault(str(sorted(settings.items())), []).append(cell)
    by_label: dict[str, Path] = {}
    for alike in choices.values():
        whose = f" of {show.listed(data.names[cell] for cell in alike)}" if len(choices) > 1 else ""
        if first := next((cell for cell in alike if cell in paths), None):
            by_label[f"{LABEL}{whose}"] = paths[first]
    return by_label


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
