"""Initial weights: a function of (seed, variable name), whatever else the network holds."""

import keras
import numpy as np

from harness.config.catalog import INITIALIZERS
from harness.config.trial import GeneratorConfig
from harness.core import rng
from harness.gan.latents import sampled
from harness.gan.models.blocks import Config
from harness.gan.models.network import Network

_ONES = ("gamma", "moving_variance")  # all other constants are zeros
_POWER_ITERATIONS = 15  # so that sigma is right from the first update on


def initialise(network: Network, config: Config, seed: int) -> None:
    """Give every variable its first value; kernels as the network's own section says."""
    draw = INITIALIZERS.load(config.initializer)
    for name, variable in network.variables.items():
        if variable.name == "kernel":
            kernel = draw(config.initializer_stddev, rng.derive(seed, "init", name)[0])
            variable.assign(kernel(variable.shape))
        elif variable.name == "singular_vector":
            vector = rng.generator(seed, "init", name).standard_normal(variable.shape)
            variable.assign((vector / np.linalg.norm(vector)).astype(np.float32))
        elif variable.name == "reference":
            variable.assign(_reference(config, variable.shape, seed, name))
        else:
            variable.assign(np.full(variable.shape, variable.name in _ONES, np.float32))
    for _ in range(_POWER_ITERATIONS):
        network.advance()


def _reference(config: Config, shape: tuple[int, ...], seed: int, name: str) -> np.ndarray:
    """Latents as in training; a discriminator's are the first real images, when they come."""
    if not isinstance(config, GeneratorConfig):
        return np.zeros(shape, np.float32)
    unlimited = config.model_copy(update={"truncation": 0.0})
    return sampled(unlimited, shape[0], seed, "init", name)


def glorot_uniform(stddev: float, seed: int) -> keras.Initializer:
    """Glorot & Bengio 2010."""
    del stddev  # it follows from the shape
    return keras.initializers.GlorotUniform(seed=seed)


def normal(stddev: float, seed: int) -> keras.Initializer:
    """N(0, stddev²)."""
    return keras.initializers.RandomNormal(stddev=stddev, seed=seed)


def truncated_normal(stddev: float, seed: int) -> keras.Initializer:
    """The same without what lies beyond two standard deviations."""
    return keras.initializers.TruncatedNormal(stddev=stddev, seed=seed)


def orthogonal(stddev: float, seed: int) -> keras.Initializer:
    """Saxe et al. 2014."""
    del stddev  # its columns have length one
    return keras.initializers.Orthogonal(seed=seed)


def copy_weights(source: Network, target: Network) -> None:
    """Assign all variables of `source` to `target`, a network of the same make."""
    for variable, value in zip(target.variables.values(), source.variables.values(), strict=True):
        variable.assign(value)
