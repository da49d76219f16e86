"""A variational autoencoder (Kingma & Welling 2014), the baseline that is no GAN.

The generator decodes, and the discriminator's layers encode. Both minimise the negative evidence
lower bound: cross-entropy of the pixels, as values in [0, 1], plus the divergence of the latents'
posterior from the standard normal.
"""

import math

import tensorflow as tf

from harness.gan.pixels import to_unit
from harness.gan.random import Counters
from harness.gan.train.forward import latents, training_pass
from harness.gan.train.objectives import Discrimination, Loss, Losses
from harness.gan.train.state import Gan

_EDGE = 1e-6  # keeps the logarithm finite at a pixel that is exactly black or white


def losses(gan: Gan, batch: tf.Tensor, counters: Counters) -> tuple[Losses, Discrimination]:
    """Encoder and decoder have the same loss, of real images (N, H, W, C)."""
    posterior = gan.discriminator(batch, training_pass(gan, counters, "real"))
    mean, log_variance = tf.split(posterior, 2, axis=1)
    noise = latents(gan, batch.shape[0], counters)
    sampled = mean + tf.exp(0.5 * log_variance) * noise
    decoded = gan.generator(sampled, training_pass(gan, counters, "generator"))
    pixels = gan.config.training.pixel_range
    real, decoded = to_unit(batch, pixels), to_unit(decoded, pixels)
    loss = Loss(negative_bound(real, decoded, mean, log_variance), {})
    undefined = tf.constant(math.nan)  # no image is judged real or generated
    return {"discriminator": loss, "generator": loss}, Discrimination(*[undefined] * 4)


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
