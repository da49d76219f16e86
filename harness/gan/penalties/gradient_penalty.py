"""Penalties of the discriminator's gradient with respect to its input."""

import tensorflow as tf

from harness.gan.penalties import Seen
from harness.gan.random import uniform

_EPSILON = 1e-12  # keeps the gradient of the norm finite at zero


def gradient_penalty(seen: Seen) -> tf.Tensor:
    """mean (||grad D(x)|| - 1)^2 at x = a real + (1 - a) fake, one a ~ U(0, 1) an image.

    Gulrajani et al. 2017 (WGAN-GP).
    """
    share = uniform((seen.real.shape[0], 1, 1, 1), seen.seed)
    return _one_centred(seen, share * seen.real + (1 - share) * seen.fake)


def dragan(seen: Seen) -> tf.Tensor:
    """The same around real images: x = real + std / 2 * u, one u ~ U(0, 1) a value.

    std is that of all values of the batch. Kodali et al. 2017 (DRAGAN).
    """
    noise = uniform(seen.real.shape, seen.seed)
    return _one_centred(seen, seen.real + 0.5 * tf.math.reduce_std(seen.real) * noise)


def r1(seen: Seen) -> tf.Tensor:
    """mean ||grad D(x)||^2 / 2 at real images (Mescheder et al. 2018)."""
    return 0.5 * tf.reduce_mean(_squared_norms(seen, seen.real))


def _one_centred(seen: Seen, images: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.square(tf.sqrt(_squared_norms(seen, images) + _EPSILON) - 1))


def _squared_norms(seen: Seen, images: tf.Tensor) -> tf.Tensor:
    """||grad D||^2 at each image, (N,)."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = seen.logits(images)
    return tf.reduce_sum(tf.square(tape.gradient(logits, images)), axis=(1, 2, 3))
