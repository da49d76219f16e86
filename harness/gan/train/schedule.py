"""Schedules: learning rates, and terms that are not computed at every update."""

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from harness.config.catalog import DECAYS
from harness.gan.numbers import PACE
from harness.gan.random import Counters
from harness.gan.train.state import Gan


def linear(share: tf.Tensor) -> tf.Tensor:
    """Factor of both rates, of the share of the training that is over."""
    return 1.0 - share


def cosine(share: tf.Tensor) -> tf.Tensor:
    """The same on half a cosine (Loshchilov & Hutter 2017)."""
    return 0.5 * (1.0 + tf.cos(math.pi * share))


def learning_rate(gan: Gan, network: str, iteration: tf.Tensor) -> tf.Tensor:
    """The learning rate of a network's updates in an iteration."""
    rate = gan.numbers[f"optimizer.{network}.learning_rate"]
    decay = gan.config.training.learning_rate_decay
    if decay == "none":
        return rate
    return rate * DECAYS.load(decay)(tf.cast(iteration, tf.float32) * gan.numbers[PACE])


def updates_before(gan: Gan, network: str, counters: Counters) -> tf.Tensor:
    """The number of updates of a network before the one that `counters` name."""
    training = gan.config.training
    if network == "discriminator":
        return counters.iteration * training.discriminator_steps + counters.update
    # the first of an iteration comes with the discriminator's last one, and bears its number
    number = counters.update - (training.discriminator_steps - 1)
    return counters.iteration * training.generator_steps + number


def at_every(
    every: int, number: tf.Tensor, do: Callable[[], Any], otherwise: Callable[[], Any]
) -> Any:
    """The result of `do` at updates 0, n, 2n, …, that of `otherwise` between them.

    Both give tensors of the same shapes; at every single update there is no choice to compile.
    """
    return do() if every == 1 else tf.cond(number % every == 0, do, otherwise)
