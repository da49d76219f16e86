"""Initial weights: a function of (seed, variable name), whatever else the network holds."""

import keras
import numpy as np

from harness import rng
from harness.gan.models.network import Network

_ONES = ("gamma", "moving_variance")  # all other constants are zeros
_POWER_ITERATIONS = 15  # so that sigma is right from the first update on


def initialise(network: Network, seed: int) -> None:
    """Give every variable its first value: kernels Glorot uniform, S0's framework default."""
    for name, variable in network.variables.items():
        if variable.name == "kernel":
            draw = keras.initializers.GlorotUniform(seed=rng.derive(seed, "init", name)[0])
            variable.assign(draw(variable.shape))
        elif variable.name == "singular_vector":
            vector = rng.generator(seed, "init", name).standard_normal(variable.shape)
            variable.assign((vector / np.linalg.norm(vector)).astype(np.float32))
        else:
            variable.assign(np.full(variable.shape, variable.name in _ONES, np.float32))
    for _ in range(_POWER_ITERATIONS):
        network.advance()


def copy_weights(source: Network, target: Network) -> None:
    """Assign all variables of `source` to `target`, a network of the same make."""
    for variable, value in zip(target.variables.values(), source.variables.values(), strict=True):
        variable.assign(value)
