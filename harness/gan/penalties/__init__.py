"""Penalties of the discriminator: each a function of what a step saw, giving a scalar."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Seen(NamedTuple):
    """What one discriminator update looked at; images as the discriminator saw them."""

    real: tf.Tensor  # (N, H, W, C), augmented
    fake: tf.Tensor  # (N, H, W, C), augmented
    seed: tf.Tensor  # (2,) int32, of the penalty's own noise
    logits: Callable[[tf.Tensor], tf.Tensor]  # a further pass of the discriminator
