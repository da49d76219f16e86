"""How learning rates move over a training."""

import math
from collections.abc import Callable, Mapping

import tensorflow as tf

from harness.gan.numbers import PACE
from harness.gan.train.state import Gan

# training.learning_rate_decay → factor of both rates, of the share of the training that is over
_DECAYS: Mapping[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "linear": lambda share: 1.0 - share,
    "cosine": lambda share: 0.5 * (1.0 + tf.cos(math.pi * share)),  # Loshchilov & Hutter 2017
}


def learning_rate(gan: Gan, owner: str, iteration: tf.Tensor) -> tf.Tensor:
    """The learning rate of a network's updates in an iteration."""
    rate = gan.numbers[f"optimizer.{owner}.learning_rate"]
    decay = gan.config.training.learning_rate_decay
    if decay == "none":
        return rate
    return rate * _DECAYS[decay](tf.cast(iteration, tf.float32) * gan.numbers[PACE])
