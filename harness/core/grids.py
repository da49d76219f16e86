"""Grids of images: a PNG of the record holds them edge to edge, and people see them with a gutter.

So a grid is pixels of images and nothing else, and how it is shown can change.
"""

import math
from collections.abc import Callable, Sequence
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from harness.core.files import write_atomically

THINNEST, SHARE = 1, 16  # pixels of a gutter: a 16th of an image
LEAST, TEXT = 48, 28  # pixels of an image, and of a line of text, where labels are drawn
WHITE, CLEAR = (255, 255, 255, 255), (255, 255, 255, 0)


class Layout(NamedTuple):
    """Images of a row, and how many of them belong together."""

    columns: int
    together: int = 1


SIDE = 6
GRID = Layout(SIDE)  # of samples and of validation images; at most SIDE rows
WAY = Layout(12)  # an interpolation
PAIRS = Layout(12, 2)  # images, each to the left of another one


def montage(images: np.ndarray, columns: int) -> np.ndarray:
    """(n, H, W, C) → (rows * H, columns * W, C), row by row, without borders."""
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    filled = np.zeros((rows * columns, height, width, channels), images.dtype)
    filled[:count] = images
    tiles = filled.reshape(rows, columns, height, width, channels)
    return tiles.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)


def tiles(grid: Image.Image, columns: int) -> list[Image.Image]:
    """The images of a montage of square images, row by row."""
    side = grid.width // columns
    corners = ((x, y) for y in range(0, grid.height, side) for x in range(0, grid.width, side))
    return [grid.crop((x, y, x + side, y + side)) for x, y in corners]


def spaced(
    grid: Image.Image,
    layout: Layout,
    shown: Layout | None = None,
    colour: tuple[int, ...] = WHITE,
    places: Sequence[int] | None = None,
) -> Image.Image:
    """A montage with a gutter between its images, RGBA.

    `shown`: laid out in another way; `places`: only the images at these.
    """
    side, pixels = grid.width // layout.columns, _pixels(grid)
    corners = product(range(0, grid.height, side), range(0, grid.width, side))
    images = [pixels[y : y + side, x : x + side] for y, x in corners]
    chosen = images if places is None else [images[place] for place in places]
    return arranged(chosen, shown or layout, colour)


def spread(count: int, most: int, together: int = 1) -> list[int]:
    """The places of at most so many of `count` images, evenly spaced from the first to the last.

    The first images of a grid may be of one or two classes, since its rows are in their order. So
    many as belong together stay so.
    """
    groups = min(count, most) // together
    firsts = np.linspace(0, count // together - 1, groups).round().astype(int).tolist()
    return [first * together + place for first in firsts for place in range(together)]


def arranged(
    images: Sequence[np.ndarray], layout: Layout, colour: tuple[int, ...] = WHITE
) -> Image.Image:
    """Images (H, W, 4) of one size with a gutter between them, three times as wide around a group.

    Arrays, since Pillow takes five times as long to cut and paste them. RGBA.
    """
    side = images[0].shape[1]
    gutter = max(side // SHARE, THINNEST)
    apart = 3 * gutter if layout.together > 1 else gutter
    group = layout.together * (side + gutter) - gutter + apart
    rows = -(-len(images) // layout.columns)
    width = layout.columns // layout.together * group - apart
    page = np.empty((rows * (side + apart) - apart, width, len(colour)), np.uint8)
    page[:] = colour
    for number, image in enumerate(images):
        row, column = divmod(number, layout.columns)
        group_number, place = divmod(column, layout.together)
        x, y = group_number * group + place * (side + gutter), row * (side + apart)
        page[y : y + image.shape[0], x : x + image.shape[1]] = image
    return Image.fromarray(page)


def _pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGBA"))


def labelled(blocks: Sequence[tuple[str, np.ndarray]], layout: Layout) -> bytes:
    """A PNG of arrays of images (n, H, W, C), one below the other, each below its label.

    All images are shown as large as the largest, and so large that a person sees them. A label that
    is wider than the images goes on in a further line.
    """
    largest = max(images.shape[1] for _, images in blocks)
    side = -(-LEAST // largest) * largest
    pages = []
    for label, images in blocks:
        page = arranged([_pixels(_image(image)) for image in images], layout)
        size = (page.width * side // images.shape[1], page.height * side // images.shape[1])
        pages.append((label, page.resize(size, Image.Resampling.NEAREST)))
    font = ImageFont.load_default(TEXT / 2)
    words = [font.getlength(word) for label, _ in pages for word in label.split()]
    width = max(math.ceil(max(words, default=0.0)), *(page.width for _, page in pages))
    folded = [(_folded(label, width, font.getlength), page) for label, page in pages]
    height = sum(page.height + len(lines) * TEXT for lines, page in folded)
    whole, top = Image.new("RGB", (width, height), "white"), 0
    draw = ImageDraw.Draw(whole)
    for lines, page in folded:
        for line in lines:
            draw.text((0, top + TEXT / 2), line, "black", font, anchor="lm")
            top += TEXT
        whole.paste(page, (0, top))
        top += page.height
    return _encoded(whole)


def _folded(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines of whole words that are at most `width` wide; a wider word is alone."""
    first, *words = text.split() or [""]
    lines = [first]
    for word in words:
        if measure(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Two arrays of images (n, H, W, C), or (n, H, W, 1), in pairs: (n, 2, H, W, C)."""
    return np.stack(np.broadcast_arrays(left, right), axis=1)


def png(image: np.ndarray) -> bytes:
    """Encode (H, W, 1 or 3) uint8."""
    return _encoded(_image(image))


def _image(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def _encoded(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def write_grid(path: Path, images: np.ndarray, layout: Layout) -> None:
    """Write (n, H, W, C) uint8 images, row by row."""
    write_atomically(path, png(montage(images, layout.columns)))
