"""Squares of any size made `size` px: shrunk by area averaging, enlarged bilinearly, exactly.

All weights are whole numbers, so every sum is exact in float64, whatever order a machine adds in,
and a pixel is rounded once. (Pillow's BOX gives whole source pixels to an output pixel or leaves
them out, which at 80 → 64 px is off by up to 125 levels, and rounds twice.)
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

STRIP = 2**19  # pixels of a square that are worked on at a time: bounds the memory

Weights = NDArray[np.float64]  # (size, side)
Levels = Callable[[int, int], NDArray[np.float64]]  # rows first to end → (rows, side, channels)


def resampled(levels: Levels, side: int, size: int, scale: float) -> NDArray[np.uint8]:
    """uint8 (size, size, channels) of a square of `side` px, whose rows are asked for in strips.

    Its `levels` are whole numbers up to 255 × `scale`.
    """
    weights, total = area(side, size) if side >= size else bilinear(side, size)
    step = max(1, STRIP // side)
    sums: NDArray[np.float64] | None = None
    for first in range(0, side, step):
        end = min(first + step, side)
        strip, part = levels(first, end), weights[:, first:end]
        if sums is None:
            sums = np.zeros((size, side * strip.shape[-1]))
        used = np.flatnonzero(part.any(axis=1))  # the output rows that this strip is part of
        rows = slice(used[0], used[-1] + 1)
        sums[rows] += part[rows] @ strip.reshape(end - first, -1)
    assert sums is not None
    across = weights @ sums.reshape(size, side, -1)
    pixels: NDArray[np.uint8] = np.rint(across / (total * total * scale)).astype(np.uint8)
    return pixels


@lru_cache(maxsize=8)
def area(side: int, size: int) -> tuple[Weights, int]:
    """The share of each of `side` pixels in each of `size`, in parts of 1 / size; and the sum."""
    low, pixel = np.arange(size)[:, None] * side, np.arange(side)[None, :] * size
    shared = np.minimum(low + side, pixel + size) - np.maximum(low, pixel)
    return np.maximum(shared, 0).astype(np.float64), side


@lru_cache(maxsize=8)
def bilinear(side: int, size: int) -> tuple[Weights, int]:
    """Weights between the two nearest centres, in parts of 1 / (2 size); edges are continued."""
    whole = 2 * size
    at = (2 * np.arange(size) + 1) * side - size  # of each output centre, in the same parts
    left, weight = at // whole, at % whole
    weights = np.zeros((size, side))
    rows = np.arange(size)
    np.add.at(weights, (rows, np.clip(left, 0, side - 1)), whole - weight)
    np.add.at(weights, (rows, np.clip(left + 1, 0, side - 1)), weight)
    return weights, whole
