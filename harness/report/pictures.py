"""Grids of images as a page and a paper need them."""

from io import BytesIO
from pathlib import Path

from PIL import Image

SMALL = 192  # pixels that a grid has at least on the page,
LARGE = 2.5  # and at most so many times as many
PAPER = 480  # pixels that a file has at least
QUALITY = 85


def webp(path: Path, width: int = SMALL) -> bytes:
    """For the page: a third of the bytes of a PNG; each pixel of a small grid is a square."""
    with Image.open(path) as grid:
        # enlarged first, since WebP halves the resolution of colours
        sized = _enlarged(grid, width)
        most = round(LARGE * width)
        if sized.width > most:
            height = round(sized.height * most / sized.width)
            sized = sized.resize((most, height), Image.Resampling.LANCZOS)
        return _saved(sized, "webp", quality=QUALITY)


def png(path: Path) -> bytes:
    """For papers: the pixels as they are, each a square, since viewers would blur them."""
    with Image.open(path) as grid:
        return path.read_bytes() if grid.width >= PAPER else _saved(_enlarged(grid, PAPER), "png")


def _enlarged(grid: Image.Image, width: int) -> Image.Image:
    """At least `width` wide, by a whole multiple."""
    times = -(-width // grid.width)
    size = (times * grid.width, times * grid.height)
    return grid.resize(size, Image.Resampling.NEAREST) if times > 1 else grid


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
