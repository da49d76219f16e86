"""Crops of TFDS sets by name: one decoded example → float32 (size, size, C) in [0, 255].

Images are shrunk by area averaging and enlarged bilinearly.
"""

from typing import Any

import tensorflow as tf

BIRD_PADDING = 0.25  # S0
CELEBA_PX = 140  # of 178 x 218: the usual centre square of the face


def bounding_box(example: dict[str, Any], size: int) -> tf.Tensor:
    """S0's: a square around the box, a quarter larger, cut to what fits into the image."""
    image = example["image"]
    limits = tf.cast(tf.shape(image)[:2], tf.float32)  # (height, width)
    low, high = example["bbox"][:2] * limits, example["bbox"][2:] * limits
    centre = 0.5 * (low + high)
    side = tf.reduce_max((1.0 + BIRD_PADDING) * (high - low))
    # about the centre, so a bird at an edge gets a crop that is no square, and is stretched
    extent = tf.minimum(side, 2.0 * tf.minimum(centre, limits - centre))
    # both may be rounded up, by a pixel over the edge, and a tiny box down to nothing
    offset = tf.cast(tf.round(centre - 0.5 * extent), tf.int32)
    offset = tf.minimum(offset, tf.shape(image)[:2] - 1)
    extent = tf.cast(tf.round(extent), tf.int32)
    extent = tf.maximum(tf.minimum(extent, tf.shape(image)[:2] - offset), 1)
    image = tf.image.crop_to_bounding_box(image, offset[0], offset[1], extent[0], extent[1])
    return tf.image.resize(image, (size, size), method="area")  # S0 uses it either way


def celeb_a(example: dict[str, Any], size: int) -> tf.Tensor:
    """The centre square of 140 px."""
    return _resize(_centre(example["image"], CELEBA_PX), size)


def centre_square(example: dict[str, Any], size: int) -> tf.Tensor:
    """The largest centred square."""
    return _resize(_centre(example["image"], None), size)


def _centre(image: tf.Tensor, limit: int | None) -> tf.Tensor:
    shape = tf.shape(image)[:2]
    side = tf.reduce_min(shape)
    if limit is not None:
        side = tf.minimum(side, limit)
    offset = (shape - side) // 2
    return tf.image.crop_to_bounding_box(image, offset[0], offset[1], side, side)


def _resize(image: tf.Tensor, size: int) -> tf.Tensor:
    image = tf.cast(image, tf.float32)
    return tf.cond(
        tf.shape(image)[0] >= size,
        lambda: tf.image.resize(image, (size, size), method="area"),
        lambda: tf.image.resize(image, (size, size), method="bilinear"),
    )
