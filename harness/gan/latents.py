"""Latents that images are sampled from, outside training."""

import math

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness.config.trial import GeneratorConfig
from harness.core import rng


def sampled(
    config: GeneratorConfig, count: int, seed: int, *names: str | int
) -> NDArray[np.float32]:
    """Latents (count, noise size) of stream `names`; a smaller size gives leading coordinates.

    Truncated latents are distributed as if values beyond the limit were drawn again (Brock et al.
    2019). All kinds are monotone in the same normal draws, so that images of
    cells that differ in nothing else are pairs.
    """
    return _shaped(config, rng.latents(count, config.noise_size, seed, *names))


def interpolate(
    config: GeneratorConfig, legs: int, steps: int, seed: int, *names: str | int
) -> NDArray[np.float32]:
    """Interpolation through the first latents of a stream: (legs * steps, noise size).

    A leg goes from one to the next, the last one back to the first. Where two normal draws are
    mixed with weights whose squares add up to 1 (White 2016, nearly), each mixture is a normal
    draw, too, so that all images on the way are as likely as samples.
    """
    ends = rng.latents(legs, config.noise_size, seed, *names)
    angle = np.linspace(0, math.pi / 2, steps, endpoint=False, dtype=np.float32)[:, np.newaxis]
    pairs = zip(ends, np.roll(ends, -1, axis=0), strict=True)
    ways = [np.cos(angle) * start + np.sin(angle) * end for start, end in pairs]
    return _shaped(config, np.concatenate(ways))


def _shaped(config: GeneratorConfig, normal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normal draws as draws from the distribution of latents."""
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
