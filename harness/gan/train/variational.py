"""A variational autoencoder (Kingma & Welling 2014), the baseline that no game is played for.

The generator decodes, and the discriminator's layers encode. Both minimise the negative evidence
lower bound: cross-entropy of the pixels, as values in [0, 1], plus the divergence of the latents'
posterior from the standard normal.
"""

import math

import tensorflow as tf

from harness.gan.pixels import to_unit
from harness.gan.train.objectives import Values
from harness.gan.train.state import Gan
from harness.gan.train.updates import Lesson, averaged, take
from harness.gan.train.view import Clock, latents, training

_EDGE = 1e-6  # keeps the logarithm finite at a pixel that is exactly black or white


def update(gan: Gan, real: tf.Tensor, clock: Clock) -> Values:
    """One update of encoder and decoder on real images (N, H, W, C)."""
    gan.discriminator.advance()
    gan.generator.advance()

    def learn(real: tf.Tensor, clock: Clock) -> dict[str, Lesson]:
        with tf.GradientTape(persistent=True) as tape:
            posterior = gan.discriminator(real, training(gan, clock, "real"))
            mean, log_variance = tf.split(posterior, 2, axis=1)
            noise = latents(gan, real.shape[0], clock)
            drawn = mean + tf.exp(0.5 * log_variance) * noise
            decoded = gan.generator(drawn, training(gan, clock, "generator"))
            pixels = gan.config.training.pixel_range
            shown = to_unit(real, pixels), to_unit(decoded, pixels)
            loss = negative_bound(shown[0], shown[1], mean, log_variance)
        both = {"discriminator": gan.discriminator, "generator": gan.generator}
        return {
            owner: Lesson(loss, {}, tape.gradient(loss, network.trainable))
            for owner, network in both.items()
        }

    return {
        **take(gan, averaged(gan, learn, real, clock), clock),
        "real_accuracy": tf.constant(math.nan),
        "fake_accuracy": tf.constant(math.nan),
        "augmentation_probability": tf.constant(0.0),
    }


def negative_bound(
    real: tf.Tensor, decoded: tf.Tensor, mean: tf.Tensor, log_variance: tf.Tensor
) -> tf.Tensor:
    """Negative evidence lower bound, a mean over images: real and decoded (N, H, W, C) in [0, 1].

    mean and log_variance (N, noise size) are the posterior's.
    """
    p = tf.clip_by_value(decoded, _EDGE, 1 - _EDGE)
    entropy = -(real * tf.math.log(p) + (1 - real) * tf.math.log(1 - p))
    divergence = 0.5 * (tf.square(mean) + tf.exp(log_variance) - 1 - log_variance)
    return tf.reduce_mean(
        tf.reduce_sum(entropy, axis=(1, 2, 3)) + tf.reduce_sum(divergence, axis=1)
    )
