"""The classes of generated images: as frequent as among the training images."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness.config.trial import GeneratorConfig, LabelsConfig
from harness.core import rng
from harness.core.errors import HarnessError
from harness.gan.labels.labelled import MaybeLabelled, together
from harness.gan.latents import sampled
from harness.gan.random import Seed, uniform


class Condition:
    """Draws classes with the frequencies of the training labels; codes are all as frequent."""

    def __init__(self, values: int) -> None:
        self.values = values
        self.counts = tf.Variable(tf.ones(values), trainable=False, name="counts")

    def variables(self) -> dict[str, tf.Variable]:
        """Needed to sample from a kept generator, in addition to its weights, by a stable name."""
        return {"counts": self.counts}

    def reset(self) -> None:
        """All are as frequent."""
        self.counts.assign(tf.ones_like(self.counts))

    def count(self, labels: NDArray[np.int64]) -> None:
        """Take the frequencies of the training labels (images,)."""
        counts = np.bincount(labels)
        if len(counts) > self.values:
            raise HarnessError(
                f"labels.classes: {self.values} classes are known of this data set, and its labels "
                f"go up to {len(counts) - 1}"
            )
        self.counts.assign(np.pad(counts, (0, self.values - len(counts))).astype(np.float32))

    def draw(self, shape: tuple[int, ...], seed: Seed) -> tf.Tensor:
        """In training: of `shape`, int32."""
        ends = tf.cumsum(self.counts)
        place = uniform(shape, seed) * ends[-1]  # among the training images, sorted by class
        return tf.reduce_sum(tf.cast(place[..., tf.newaxis] >= ends[:-1], tf.int32), axis=-1)

    def sampled(self, count: int, seed: int, *names: str | int) -> NDArray[np.int32]:
        """Outside training: (count,) of stream `names`."""
        ends = np.cumsum(self.counts.numpy())
        places = rng.generator(seed, *names, "labels").random(count) * ends[-1]
        return np.searchsorted(ends, places, side="right").astype(np.int32)


def build_condition(config: LabelsConfig) -> Condition | None:
    """The classes that a generator is given; None where it is given latents alone."""
    return Condition(config.values) if config.values else None


def sampled_inputs(
    config: GeneratorConfig, given: Condition | None, count: int, seed: int, *names: str | int
) -> MaybeLabelled:
    """Inputs of a generator outside training: latents of stream `names`, with a class each."""
    latents = sampled(config, count, seed, *names)
    return together(latents, given.sampled(count, seed, *names) if given else None)


def in_rows(values: int, side: int) -> NDArray[np.int32]:
    """Labels of a square grid, (side * side,): a row a class where there are no more than rows.

    Where there are more, they follow each other in reading order, each as often as can be.
    """
    if values <= side:
        return np.repeat(np.arange(side) * values // side, side).astype(np.int32)
    return (np.arange(side * side) * values // (side * side)).astype(np.int32)
