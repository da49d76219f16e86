"""Penalties: each a function of what an update of a network saw, giving a scalar."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from harness.gan.models.network import Network


class Seen(NamedTuple):
    """What one update looked at; images as the discriminator saw them."""

    real: tf.Tensor  # (N, H, W, C), augmented
    fake: tf.Tensor  # (N, H, W, C), augmented
    fake_features: tf.Tensor  # (N, F), what the discriminator made of them
    seed: tf.Tensor  # (2,) int32, of the penalty's own noise
    logits: Callable[[tf.Tensor], tf.Tensor]  # a further pass of the discriminator
    network: Network  # the one that is penalised
    history: Sequence[tf.Tensor] = ()  # means of its trainable variables so far, where kept
    real_features: tf.Tensor | None = None  # (N, F)
    real_labels: tf.Tensor | None = None  # (N,) int32, where labels are used
    fake_labels: tf.Tensor | None = None  # (N,) int32, where the generator is given classes
