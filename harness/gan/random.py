"""The TensorFlow side of the named random streams (`harness.rng`)."""

import zlib

import tensorflow as tf

from harness import rng

# named, so that a draw has the same bits on every device
_ALGORITHM = "philox"
Seed = tf.Tensor  # (2,) int32


def fold(seed: Seed, *counters: tf.Tensor | int | str) -> Seed:
    """Derive a seed from `seed` and counters or names."""
    for counter in counters:
        number = zlib.crc32(counter.encode()) & 0x7FFFFFFF if isinstance(counter, str) else counter
        seed = tf.random.experimental.stateless_fold_in(seed, number, alg=_ALGORITHM)
    return seed


def uniform(shape: tuple[int, ...] | tf.Tensor, seed: Seed) -> tf.Tensor:
    """Uniform in [0, 1), float32."""
    return tf.random.stateless_uniform(shape, seed, alg=_ALGORITHM)


def normal(shape: tuple[int, ...], seed: Seed) -> tf.Tensor:
    """Standard normal, float32."""
    return tf.random.stateless_normal(shape, seed, alg=_ALGORITHM)


class Streams:
    """Seeds of one trial by stream name and counters (iteration, update, pass)."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def at(self, name: str, *counters: tf.Tensor | int | str) -> Seed:
        """The seed of stream `name` at the given counters; a pure function of both."""
        return fold(tf.constant(rng.derive(self._seed, name), tf.int32), *counters)
