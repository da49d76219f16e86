"""Grids of images as a page and a paper need them: with a gutter, and no pixel blurred."""

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image

from harness.core.grids import CLEAR, GRID, Layout, spaced

SMALL = 192  # pixels that a grid has at least on the page,
LARGE = 2.5  # and at most so many times as many
PAPER = 480  # pixels that a file has at least
RECENT = 256  # pictures that are not made again
QUALITY = 82  # with a gutter as many bytes as 85 without


def webp(
    path: Path,
    layout: Layout = GRID,
    shown: Layout | None = None,
    width: int = SMALL,
    places: Sequence[int] | None = None,
) -> bytes:
    """For the page: a third of the bytes of a PNG; each pixel of a small grid is a square.

    Its gutter is clear, so it has the colour of the page, light or dark. `places`: only the images
    at these.
    """
    chosen = None if places is None else tuple(places)
    return _webp(path.read_bytes(), layout, shown, width, chosen)


@lru_cache(RECENT)
def _webp(
    png: bytes, layout: Layout, shown: Layout | None, width: int, places: tuple[int, ...] | None
) -> bytes:
    """By content: a page shows many grids twice."""
    with Image.open(BytesIO(png)) as grid:
        small, grey = spaced(grid, layout, shown, CLEAR, places), grid.mode == "L"
    # enlarged first, since WebP halves the resolution of colours
    sized = _enlarged(small, width)
    widest = round(LARGE * width)
    if sized.width > widest:
        height = round(sized.height * widest / sized.width)
        sized = sized.resize((widest, height), Image.Resampling.LANCZOS)
    lossy = _saved(sized, "webp", quality=QUALITY)
    # of small grey images, such as digits, the exact pixels are often fewer bytes
    exact = _saved(small, "webp", lossless=True) if grey and small.width < width else lossy
    return min(exact, lossy, key=len)


def png(path: Path, layout: Layout = GRID, shown: Layout | None = None) -> bytes:
    """For papers: each pixel a square, since viewers would blur them; its gutter is white."""
    return _saved(_enlarged(white(path, layout, shown), PAPER), "png")


def white(path: Path, layout: Layout = GRID, shown: Layout | None = None) -> Image.Image:
    """The pixels as they are, with a white gutter."""
    with Image.open(path) as grid:
        grey = grid.mode == "L"
        return spaced(grid, layout, shown).convert("L" if grey else "RGB")


def _enlarged(grid: Image.Image, width: int) -> Image.Image:
    """At least `width` wide, by a whole multiple."""
    times = -(-width // grid.width)
    size = (times * grid.width, times * grid.height)
    return grid.resize(size, Image.Resampling.NEAREST) if times > 1 else grid


def _saved(image: Image.Image, kind: str, **options: int | bool) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
