"""The range of pixels that networks work in, and the bytes that images are kept in."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness.config.catalog import PIXEL_RANGES


def span(pixels: str) -> float:
    """Highest less lowest value of a range (`training.pixel_range`)."""
    return 1.0 - PIXEL_RANGES[pixels]


def from_bytes(images: Any, pixels: str) -> tf.Tensor:
    """Images of uint8 as float32 in a range."""
    return from_unit(tf.cast(images, tf.float32) / 255.0, pixels)


def from_unit(images: tf.Tensor, pixels: str) -> tf.Tensor:
    """Images in [0, 1] brought to a range."""
    return images if pixels == "zero_one" else images * span(pixels) + PIXEL_RANGES[pixels]


def to_unit(images: tf.Tensor, pixels: str) -> tf.Tensor:
    """Images of a range brought to [0, 1]."""
    return images if pixels == "zero_one" else (images - PIXEL_RANGES[pixels]) / span(pixels)


def to_bytes(images: Any, pixels: str) -> NDArray[np.uint8]:
    """Images of a range as a PNG would hold them."""
    unit = to_unit(np.asarray(images, np.float32), pixels)
    levels = np.rint(np.asarray(unit, np.float32) * np.float32(255.0))
    return np.clip(levels, 0.0, 255.0).astype(np.uint8)
