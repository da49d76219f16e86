"""Sample grids through training as one picture for papers: a row a cell, a column a moment.

Made of pixels by Pillow: matplotlib would take three times as long to copy them, and is not loaded
by who writes a report (`studio`).
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from harness.core import format as show
from harness.report.inks import INK
from harness.report.pictures import white

ROOM = 8  # cells that a page has room for, with a row of real images
LETTERS = 90  # of a line of a cell's name above its row
WIDE, DPI = 7.4, 200  # inches, and dots in one
NAME, WHEN = 9.0, 7.5  # points
SPACING = 1.2  # of lines, as a multiple of their letters' height
GAP, TEXT, LINE = 0.08, 0.46, 0.15  # inches: between columns; of text between rows, a further line
ABOVE, BELOW = 0.04, 0.05  # inches between a grid and what is written there
INDENT = 0.14  # inches from the square in a cell's colour to its name


class Row(NamedTuple):
    """A cell's grids, the earliest first, and when each was made."""

    cell: str
    grids: tuple[tuple[str, Path], ...]


def draw_sheet(rows: Sequence[Row], colours: Mapping[str, str]) -> bytes:
    """PNG of a row a cell, all grids at one size, no pixel blurred."""
    columns = max(len(row.grids) for row in rows)
    side = _dots((WIDE + GAP) / columns - GAP)
    names = {row.cell: show.wrapped(row.cell, LETTERS) for row in rows}
    text = _dots(TEXT + LINE * max(name.count("\n") for name in names.values()))
    page = Image.new("RGB", (_dots(WIDE), (side + text) * len(rows)), "white")
    draw = ImageDraw.Draw(page)
    below = _dots(0.4 * TEXT)
    for number, row in enumerate(rows):
        top = number * (side + text) + text - below
        for column, (when, path) in enumerate(row.grids):
            x = round(column * (page.width + _dots(GAP)) / columns)
            grid = white(path).convert("RGB")
            height = round(side * grid.height / grid.width)  # fewer images make it lower
            enlarged = grid.resize((side, height), Image.Resampling.NEAREST)
            page.paste(enlarged, (x, top + (side - height) // 2))
            draw.text((x, top + side + _dots(BELOW)), when, INK, _font(WHEN), anchor="lt")
        _write(draw, top - _dots(ABOVE), names[row.cell], colours[row.cell])
    file = BytesIO()
    page.save(file, "png", dpi=(DPI, DPI))
    return file.getvalue()


def _write(draw: ImageDraw.ImageDraw, bottom: int, name: str, colour: str) -> None:
    """A cell's name above its row, next to a square in its colour."""
    font, lines = _font(NAME), name.split("\n")
    draw.text((0, bottom), "■", colour, font, anchor="ls")
    for number, line in enumerate(reversed(lines)):
        above = round(number * SPACING * font.size)
        draw.text((_dots(INDENT), bottom - above), line, INK, font, anchor="ls")


def _dots(inches: float) -> int:
    return round(inches * DPI)


@cache
def _font(points: float) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which matplotlib brings along and all figures have."""
    package = find_spec("matplotlib")
    if package is None or package.origin is None:
        raise ImportError("matplotlib is not installed")
    fonts = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf"
    return ImageFont.truetype(fonts / "DejaVuSans.ttf", points * DPI / 72)
