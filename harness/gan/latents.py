"""Latents that images are sampled from, outside training."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

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
    if config.latent == "uniform":
        return np.asarray((2.0 * ndtr(normal) - 1.0) * min(limit or 1.0, 1.0), np.float32)
    if not limit:
        return normal
    below = ndtr(-limit)
    truncated = ndtri(below + ndtr(normal) * (1.0 - 2.0 * below))
    return np.asarray(truncated, np.float32)
