"""Sample grids as PNG files, pixel for pixel."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from harness.core.files import write_atomically


def montage(images: np.ndarray, columns: int) -> np.ndarray:
    """(n, H, W, C) → (rows * H, columns * W, C), row by row, without borders."""
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    filled = np.zeros((rows * columns, height, width, channels), images.dtype)
    filled[:count] = images
    tiles = filled.reshape(rows, columns, height, width, channels)
    return tiles.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)


def side_by_side(sources: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Pictures (n, H, W, 1) and what is made of them, (n, H, W, C): (n, 2, H, W, C), in pairs."""
    return np.stack([np.broadcast_to(sources, made.shape), made], axis=1)


def png(image: np.ndarray) -> bytes:
    """Encode (H, W, 1 or 3) uint8."""
    buffer = BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()


def write_grid(path: Path, images: np.ndarray, columns: int) -> None:
    """Write (n, H, W, C) uint8 images, row by row."""
    write_atomically(path, png(montage(images, columns)))
