"""Projection discriminator (Miyato & Koyama 2018): logit + <embedding of the class, features>."""

from typing import Any

import tensorflow as tf

from harness.config.trial import TrialConfig
from harness.gan.labels.conditioning import Conditioning
from harness.gan.models.blocks import common
from harness.gan.models.classes import Table
from harness.gan.models.composite import Composite
from harness.gan.models.network import Part, Pass, Shape


class Projection(Composite):
    """Features (N, F) → logits (N, 1), those of `logit` plus the projection."""

    def __init__(self, logit: Part, values: int, keywords: dict[str, Any]) -> None:
        super().__init__("projection", [logit])
        self._logit, self._values, self._keywords = logit, values, keywords

    def build(self, shape: Shape) -> None:
        """Create both; the embedding is as long as the features."""
        self._logit.build(shape)
        self._table = Table(self._values, shape[-1] or 0, "class", self._keywords)
        self._table.build()
        self.inner.append(self._table.part)

    def compute_output_shape(self, shape: Shape) -> Shape:
        """(N, 1)."""
        return self._logit.compute_output_shape(shape)

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """The sum."""
        features = tf.cast(x, tf.float32)
        projected = tf.reduce_sum(tf.cast(self._table(run), tf.float32) * features, axis=1)
        return tf.cast(self._logit(x, run), tf.float32) + projected[:, tf.newaxis]


def _discriminator(parts: list[Part], config: TrialConfig) -> list[Part]:
    keywords = common(config.discriminator, config.training.precision)
    *before, logit = parts
    return [*before, Projection(logit, config.labels.values, keywords)]


PROJECTION = Conditioning(_discriminator)
