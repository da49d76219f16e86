"""How learning rates move over a training."""

import math

import tensorflow as tf

from harness.config.catalog import DECAYS
from harness.gan.numbers import PACE
from harness.gan.train.state import Gan


def linear(share: tf.Tensor) -> tf.Tensor:
    """Factor of both rates, of the share of the training that is over."""
    return 1.0 - share


def cosine(share: tf.Tensor) -> tf.Tensor:
    """The same on half a cosine (Loshchilov & Hutter 2017)."""
    return 0.5 * (1.0 + tf.cos(math.pi * share))


def learning_rate(gan: Gan, owner: str, iteration: tf.Tensor) -> tf.Tensor:
    """The learning rate of a network's updates in an iteration."""
    rate = gan.numbers[f"optimizer.{owner}.learning_rate"]
    decay = gan.config.training.learning_rate_decay
    if decay == "none":
        return rate
    return rate * DECAYS.load(decay)(tf.cast(iteration, tf.float32) * gan.numbers[PACE])
