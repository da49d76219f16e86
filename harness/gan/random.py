"""The TensorFlow side of the named random streams (`harness.core.rng`)."""

import math
import zlib
from typing import NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf

from harness.core import rng

# named, so that a draw has the same bits on every device
_PHILOX = tf.random.Algorithm.PHILOX.value
_SCRAMBLE = np.array([0x02461E293EC8F720], np.uint64)  # the key that TensorFlow mixes seeds with
_ZERO = np.zeros(1, np.uint64)
Seed: TypeAlias = tf.Tensor  # (2,) int32


def fold(seed: Seed, *counters: tf.Tensor | int | str) -> Seed:
    """Derive a seed from `seed` and counters or names."""
    for counter in counters:
        number = zlib.crc32(counter.encode()) & 0x7FFFFFFF if isinstance(counter, str) else counter
        seed = tf.stack([_bits((), seed), number])
    return seed


def _bits(shape: tuple[int, ...] | tf.Tensor, seed: Seed) -> tf.Tensor:
    """Uniform int32 bits, those of `tf.random.stateless_uniform` with Philox.

    Its key and counter are made of the seed as there, by a third of the operations: at every draw,
    so that the graph of a step is a fifth smaller. TensorFlow's kernel that does it all in one
    makes other bits under XLA.
    """
    words = tf.bitcast(_philox((2, 2), _SCRAMBLE, tf.cast(seed, tf.uint64), tf.uint32), tf.uint64)
    key, high = tf.split(words, 2)
    return _philox(shape, key, tf.concat([_ZERO, high], 0), tf.int32)


def _philox(
    shape: tuple[int, ...] | tf.Tensor, key: tf.Tensor, counter: tf.Tensor, dtype: tf.DType
) -> tf.Tensor:
    return tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=shape, key=key, counter=counter, alg=_PHILOX, dtype=dtype
    )


def uniform(shape: tuple[int, ...] | tf.Tensor, seed: Seed) -> tf.Tensor:
    """Uniform on the middles of 2^23 intervals of (0, 1), float32.

    TensorFlow's own floats differ between compiled (XLA) and plain code; its integers do not.
    """
    bits = tf.bitcast(_bits(shape, seed), tf.uint32)
    mantissa = tf.bitwise.right_shift(bits, tf.constant(9, tf.uint32))
    return (tf.cast(tf.bitcast(mantissa, tf.int32), tf.float32) + 0.5) * 2.0**-23


def symmetric(shape: tuple[int, ...], seed: Seed) -> tf.Tensor:
    """Uniform on (-1, 1), float32."""
    return 2.0 * uniform(shape, seed) - 1.0


def normal(shape: tuple[int, ...], seed: Seed) -> tf.Tensor:
    """Standard normal, float32, by the inverse of its distribution function."""
    return math.sqrt(2.0) * tf.math.erfinv(symmetric(shape, seed))


class Counters(NamedTuple):
    """Where a training stands: every random draw is a function of its stream and of these."""

    iteration: tf.Tensor
    update: int  # within the iteration
    micro_batch: tf.Tensor | None = None  # of an update that accumulates gradients


class Streams:
    """Seeds of one trial by stream name, counters and names of draws.

    They come from a variable, so that another trial's seed needs no new trace.
    """

    NAMES = ("latent", "augment", "penalty", "dropout", "label", "noise", "replay", "class")

    def __init__(self, seed: int) -> None:
        self._words = tf.Variable(self._derive(seed), trainable=False, name="streams")

    def variables(self) -> dict[str, tf.Variable]:
        """The seeds by a stable name."""
        return {"streams": self._words}

    def assign(self, seed: int) -> None:
        """Take another trial's seed."""
        self._words.assign(self._derive(seed))

    def at(self, stream: str, counters: Counters, *names: str) -> Seed:
        """The seed of the draw `names` of a stream; a pure function of all that is given."""
        numbers = (counter for counter in counters if counter is not None)
        return fold(tf.cast(self._words[self.NAMES.index(stream)], tf.int32), *numbers, *names)

    def _derive(self, seed: int) -> tf.Tensor:
        # TensorFlow puts int32 variables on the CPU, where XLA's programs on a GPU find none
        return tf.constant([rng.derive(seed, name) for name in self.NAMES], tf.int64)
