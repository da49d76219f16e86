"""All augmentations of an image behind one gate, as S0 has it."""

import tensorflow as tf

from harness.config.trial import AugmentationConfig
from harness.gan.augment import colour
from harness.gan.augment.warp import Warp, coordinates, draw, sample
from harness.gan.random import Seed


def augment(
    images: tf.Tensor,
    config: AugmentationConfig,
    probability: tf.Tensor,
    seed: Seed,
    *,
    static: bool = False,
    span: float = 1.0,
) -> tf.Tensor:
    """Warp and recolour each image (N, S, S, C) with `probability`, one gate for all.

    Images behind a closed gate are left out of the work, which XLA cannot do: `static` treats all,
    so that those come out as they are. Both ways give the same bits. `span` is white less black.
    """
    count, size = images.shape[0], images.shape[1]
    warp, gate = draw(config, count, size, seed)
    hues = colour.draw(config, count, seed, span) if colour.changes_colour(config) else None
    if static:
        return _all(images, warp, hues, gate < probability)
    chosen = tf.where(gate < probability)
    part = Warp(*(tf.gather_nd(parameter, chosen) for parameter in warp))
    treated = sample(tf.gather_nd(images, chosen), *coordinates(part, size))
    if hues is not None:
        treated = colour.recolour(treated, tf.gather_nd(hues, chosen))
    return tf.tensor_scatter_nd_update(images, chosen, treated)


def _all(images: tf.Tensor, warp: Warp, hues: tf.Tensor | None, opened: tf.Tensor) -> tf.Tensor:
    size = images.shape[1]
    y, x = coordinates(warp, size)
    ramp = tf.range(size, dtype=tf.float32)
    gate = opened[:, tf.newaxis, tf.newaxis]
    # a closed gate reads every pixel where it is, which is exact
    y = tf.where(gate, y, ramp[tf.newaxis, :, tf.newaxis])
    x = tf.where(gate, x, ramp[tf.newaxis, tf.newaxis, :])
    treated = sample(images, y, x)
    if hues is None:
        return treated
    return tf.where(gate[..., tf.newaxis], colour.recolour(treated, hues), treated)
