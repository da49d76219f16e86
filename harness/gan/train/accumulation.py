"""Gradient accumulation: the mean over the micro-batches of a batch."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from harness.gan.labels.labelled import MaybeLabelled
from harness.gan.random import Counters
from harness.gan.train.state import Gan


def accumulate(
    gan: Gan,
    backward: Callable[[MaybeLabelled, Counters], Any],
    batch: MaybeLabelled,
    counters: Counters,
) -> Any:
    """The mean of what `backward` gives for the micro-batches of a batch (N, H, W, C).

    Batch normalisation's averages move once an update, by the mean of the micro-batches'
    statistics: each micro-batch moves them from where they were before the update, and the mean of
    the results is kept. A micro-batch that passes a network twice moves them twice, as a whole
    batch does.
    """
    count, size = gan.config.training.accumulation, gan.config.pass_images
    split = tf.nest.map_structure(lambda x: tf.reshape(x, (count, size, *x.shape[1:])), batch)
    averages = [*gan.generator.statistics, *gan.discriminator.statistics]
    before = [tf.identity(value) for value in averages]

    def one(number: tf.Tensor) -> tuple[Any, list[tf.Tensor]]:
        assign(averages, before)
        micro_batch = tf.nest.map_structure(lambda x: x[number], split)
        result = backward(micro_batch, counters._replace(micro_batch=number))
        return result, [tf.identity(value) for value in averages]

    def add(number: tf.Tensor, total: Any) -> tuple[tf.Tensor, Any]:
        return number + 1, tf.nest.map_structure(tf.add, total, one(number))

    _, total = tf.while_loop(
        lambda number, _: number < count,
        add,
        (tf.constant(1), one(tf.constant(0))),
        parallel_iterations=1,
    )
    mean, after = tf.nest.map_structure(lambda value: value / count, total)
    assign(averages, after)
    return mean


def assign(variables: Sequence[keras.Variable], values: Sequence[tf.Tensor]) -> None:
    """Give each variable its value."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
