"""Latents that images are sampled from, outside training."""

import math

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness import rng
from harness.config.trial import GeneratorConfig


def sampled(
    config: GeneratorConfig, count: int, seed: int, *names: str | int
) -> NDArray[np.float32]:
    """Latents (count, noise size) of stream `names`; a smaller size gives leading coordinates.

    Truncation draws from the same distribution as drawing anew whatever lies beyond the limit
    does (Brock et al. 2019). All kinds are monotone in the same normal draws, so that images of
    cells that differ in nothing else are pairs.
    """
    normal = rng.latents(count, config.noise_size, seed, *names)
    limit = config.truncation
    if config.latent == "normal" and not limit:
        return normal
    share = _below(tf.constant(normal, tf.float64))
    if config.latent == "uniform":
        values = (2.0 * share - 1.0) * min(limit or 1.0, 1.0)
    else:
        beyond = _below(tf.constant(-limit, tf.float64))
        values = tf.math.ndtri(beyond + share * (1.0 - 2.0 * beyond))
    return np.asarray(values, np.float32)


def _below(x: tf.Tensor) -> tf.Tensor:
    """Share of the standard normal distribution below x."""
    return 0.5 * tf.math.erfc(-x / math.sqrt(2.0))
