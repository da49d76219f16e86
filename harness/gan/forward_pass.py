"""The record of a forward pass, from which losses and penalties are computed."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf


class ForwardPass(NamedTuple):
    """A batch of real and of generated images, and what the discriminator makes of them.

    `generate` fills in the images, `discriminate` augments them and adds logits and features, and
    what only penalties need is added for each of them.
    """

    real: tf.Tensor  # (N, H, W, C); of a translation, the source is one more channel
    fake: tf.Tensor  # (N, H, W, C); the same
    real_labels: tf.Tensor | None = None  # (N,) int32, where labels are used
    fake_labels: tf.Tensor | None = None  # (N,) int32, where the generator is given classes
    difference: tf.Tensor | float = 0.0  # of a translation: mean |real - fake|, not augmented

    real_logits: tf.Tensor | None = None  # (N, 1)
    fake_logits: tf.Tensor | None = None  # (N, 1)
    real_features: tf.Tensor | None = None  # (N, F), the discriminator's last hidden layer
    fake_features: tf.Tensor | None = None  # (N, F)

    network: Any = None  # the `Network` that is penalised
    history: Sequence[tf.Tensor] = ()  # mean of each of its parameters so far, where kept
    seed: tf.Tensor | None = None  # (2,) int32, for the penalty's own noise
    logits: Any = None  # the discriminator as a function: images (N, H, W, C) → logits (N, 1)
