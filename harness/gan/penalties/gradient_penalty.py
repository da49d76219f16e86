"""One-centred gradient penalty (Gulrajani et al. 2017)."""

import tensorflow as tf

from harness.gan.penalties import Seen
from harness.gan.random import uniform

_EPSILON = 1e-12  # keeps the gradient of the norm finite at zero


def gradient_penalty(seen: Seen) -> tf.Tensor:
    """mean (||grad D(x)|| - 1)^2 at x = a real + (1 - a) fake, one a ~ U(0, 1) an image."""
    share = uniform((seen.real.shape[0], 1, 1, 1), seen.seed)
    between = share * seen.real + (1 - share) * seen.fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        logits = seen.logits(between)
    gradient = tape.gradient(logits, between)
    norm = tf.sqrt(tf.reduce_sum(tf.square(gradient), axis=(1, 2, 3)) + _EPSILON)
    return tf.reduce_mean(tf.square(norm - 1))
