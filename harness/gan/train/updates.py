"""From a batch to an update: the mean of what its parts taught, and the step that it leads to."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from harness.gan.labels.labelled import MaybeLabelled
from harness.gan.train.lazy import at_every
from harness.gan.train.objectives import Values
from harness.gan.train.schedule import learning_rate
from harness.gan.train.state import Gan
from harness.gan.train.view import Clock, update_number


class Lesson(NamedTuple):
    """What a pass taught one network."""

    loss: tf.Tensor
    penalties: Values
    gradient: list[tf.Tensor]  # of the loss, by each trainable variable


def averaged(
    gan: Gan, learn: Callable[[MaybeLabelled, Clock], Any], real: MaybeLabelled, clock: Clock
) -> Any:
    """What `learn` finds in a batch (N, H, W, C): the mean over its parts, one after the other.

    Batch normalisation's averages move once an update, by the mean of the parts' statistics: each
    part moves them from where they were before the update, and the mean of where that leads is
    kept. So many passes as a part makes, so many steps, as without parts.
    """
    count = gan.config.training.accumulation
    if count == 1:
        return learn(real, clock)
    size = gan.config.pass_images
    parts = tf.nest.map_structure(lambda x: tf.reshape(x, (count, size, *x.shape[1:])), real)
    moved = [*gan.generator.statistics, *gan.discriminator.statistics]
    before = [tf.identity(value) for value in moved]

    def of_part(number: tf.Tensor) -> tuple[Any, list[tf.Tensor]]:
        assign(moved, before)
        part = tf.nest.map_structure(lambda x: x[number], parts)
        found = learn(part, (*clock[:2], number))
        return found, [tf.identity(value) for value in moved]

    def further(number: tf.Tensor, total: Any) -> tuple[tf.Tensor, Any]:
        return number + 1, tf.nest.map_structure(tf.add, total, of_part(number))

    _, total = tf.while_loop(
        lambda number, _: number < count,
        further,
        (tf.constant(1), of_part(tf.constant(0))),
        parallel_iterations=1,
    )
    found, after = tf.nest.map_structure(lambda value: value / count, total)
    assign(moved, after)
    return found


def assign(variables: Sequence[keras.Variable], values: Sequence[tf.Tensor]) -> None:
    """Give each variable its value."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def take(gan: Gan, lessons: Mapping[str, Lesson], clock: Clock) -> Values:
    """Let generator or discriminator, or both, take the steps of their optimisers; statistics."""
    statistics: Values = {}
    if gan.balance:
        # all first, so that networks that learn from one pass are judged by it
        for owner, lesson in lessons.items():
            gan.balance.note(owner, lesson.loss)
    for owner, lesson in lessons.items():
        statistics[f"{owner}_loss"] = lesson.loss
        statistics |= {f"{name}_penalty": value for name, value in lesson.penalties.items()}
        step = partial(_step, gan, owner, lesson.gradient, clock)
        if gan.balance:
            statistics[f"{owner}_updated"] = gan.balance.update(owner, step)
        else:
            step()
    return statistics


def _step(gan: Gan, owner: str, gradient: list[tf.Tensor], clock: Clock) -> None:
    gan.optimizers[owner].apply(gradient, learning_rate(gan, owner, clock[0]))
    clipping = gan.config.penalties.clipping
    if owner == "discriminator" and clipping.limit > 0:
        number = update_number(gan, clock)
        at_every(clipping.every, number, partial(_clip, gan), lambda: tf.constant(0.0))
    if owner in gan.histories:
        gan.histories[owner].note()


def _clip(gan: Gan) -> tf.Tensor:
    limit = gan.numbers["penalties.clipping.limit"]
    for variable in gan.discriminator.trainable:
        variable.assign(tf.clip_by_value(variable, -limit, limit))
    return limit * 1.0  # a branch of a choice has to give something
