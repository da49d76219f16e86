"""S0's augmentations as one differentiable gather.

S0 applies four Keras layers in turn: mirror, translate (nearest), rotate, zoom in (bilinear),
each filling by reflection. Here the maps from output to input coordinates are composed in reverse,
with a reflection after each and the translation in whole pixels, and the image is interpolated
once. So the same places are read, with less blur, and everything has an XLA kernel.
Coordinates are (y, x) in pixels, pixel centres at 0 … size - 1.
"""

import math
from typing import Any, NamedTuple

import tensorflow as tf

from harness.config.trial import AugmentationConfig
from harness.gan.random import Seed, uniform


class Warp(NamedTuple):
    """Parameters of one warp an image; N images."""

    flip: tf.Tensor  # (N,) bool
    shift: tf.Tensor  # (N, 2) whole pixels, down and right
    angle: tf.Tensor  # (N,) radians
    zoom: tf.Tensor  # (N, 2) share of height and width that stays visible


def draw(config: AugmentationConfig, count: int, size: int, seed: Seed) -> tuple[Warp, tf.Tensor]:
    """Draw `count` warps, and a uniform number an image that gates each (N,).

    Every parameter has its own column, so switching one off leaves the others as they were.
    """
    noise = uniform((count, 7), seed)
    spread = 2 * noise - 1
    warp = Warp(
        flip=(noise[:, 1] < 0.5) & config.flip,
        shift=tf.round(spread[:, 2:4] * (config.translation * size)),
        angle=spread[:, 4] * (config.rotation * 2 * math.pi),
        zoom=1 - noise[:, 5:7] * config.zoom,
    )
    return warp, noise[:, 0]


def reflect(position: tf.Tensor, size: int) -> tf.Tensor:
    """Fold coordinates into the image as d c b a | a b c d | d c b a, as Keras' layers do.

    One fold at each side is enough: no knob allows a position beyond -size … 2 size.
    """
    folded = tf.abs(position + 0.5)  # a remainder would do for all, at several times the cost
    folded = tf.minimum(folded, 2.0 * size - folded) - 0.5
    return tf.clip_by_value(folded, 0.0, size - 1.0)


def coordinates(warp: Warp, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Where each output pixel is read: y and x, each (N, size, size)."""
    middle = (size - 1) / 2
    ramp = tf.range(size, dtype=tf.float32) - middle
    column = (slice(None), tf.newaxis, tf.newaxis)
    # zoom, the last stage, is the first to be undone; zooming in leaves nothing to reflect
    y = ramp[tf.newaxis, :, tf.newaxis] * warp.zoom[:, 0][column]
    x = ramp[tf.newaxis, tf.newaxis, :] * warp.zoom[:, 1][column]
    cosine, sine = tf.cos(warp.angle)[column], tf.sin(warp.angle)[column]
    y, x = (
        reflect(sine * x + cosine * y + middle, size),
        reflect(cosine * x - sine * y + middle, size),
    )
    y = reflect(y - warp.shift[:, 0][column], size)
    x = reflect(x - warp.shift[:, 1][column], size)
    return y, tf.where(warp.flip[column], size - 1.0 - x, x)


def sample(images: tf.Tensor, y: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Read images (N, S, S, C) at coordinates (N, S, S) bilinearly; gradients flow to `images`."""
    size, channels = images.shape[1], images.shape[3]
    flat = tf.reshape(images, (-1, channels))
    firsts = tf.range(tf.shape(images)[0])[:, tf.newaxis, tf.newaxis] * (size * size)
    top, left = tf.floor(y), tf.floor(x)
    down, right = (_a_channel(share, channels) for share in (y - top, x - left))
    row, column = tf.cast(top, tf.int32), tf.cast(left, tf.int32)
    below, after = tf.minimum(row + 1, size - 1), tf.minimum(column + 1, size - 1)

    def read(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        places = tf.reshape(firsts + rows * size + columns, (-1,))
        return tf.reshape(_at(flat, places), (-1, size, size, channels))

    upper = (1 - right) * read(row, column) + right * read(row, after)
    lower = (1 - right) * read(below, column) + right * read(below, after)
    return (1 - down) * upper + down * lower


@tf.custom_gradient
def _at(pixels: tf.Tensor, places: tf.Tensor) -> Any:
    """Rows of (M, C) at places (K,).

    The gradient is TensorFlow's, in two operations: its code for any axis takes two fifths of the
    time of tracing a step.
    """
    count = tf.shape(pixels)[0]

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, None]:
        return tf.math.unsorted_segment_sum(upstream, places, count), None

    return tf.gather(pixels, places), gradient


def _a_channel(values: tf.Tensor, channels: int) -> tf.Tensor:
    """Repeat (N, S, S) for each of the channels: (N, S, S, C).

    By a product, since broadcasting over so short an axis, as tf.repeat does it too, takes as long
    as all the rest of the interpolation.
    """
    repeated = tf.linalg.matmul(tf.reshape(values, (-1, 1)), tf.ones((1, channels)))
    return tf.reshape(repeated, (-1, *values.shape[1:], channels))
