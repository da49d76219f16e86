"""Conditional GAN (Mirza & Osindero 2014): the class is a further input of both networks."""

from typing import Any

import tensorflow as tf

from harness.config.trial import TrialConfig
from harness.gan.labels.conditioning import Conditioning
from harness.gan.models.blocks import common
from harness.gan.models.classes import Table
from harness.gan.models.composite import Composite
from harness.gan.models.layers import Dense
from harness.gan.models.network import Part, Pass, Plain, Shape


class ClassMap(Composite):
    """(N, H, W, C) → (N, H, W, C + 1): a map made of the class is a further channel.

    A linear layer makes it of the class's embedding, as Denton et al. (2015) do. Appended to the
    features instead, a class would be added to the logit whatever the image shows.
    """

    def __init__(self, table: Table, size: int, keywords: dict[str, Any]) -> None:
        keys = {**keywords, "use_bias": False}
        self._table, self._size = table, size
        self._dense = Plain(Dense(size * size, name="class_map", **keys))
        super().__init__("class_input", [table.part, self._dense])

    def build(self, shape: Shape) -> None:
        """Create embedding and layer."""
        del shape
        self._table.build()
        self._dense.build((None, self._table.units))

    def compute_output_shape(self, shape: Shape) -> Shape:
        """One channel more."""
        return *shape[:-1], (shape[-1] or 0) + 1

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Concatenate."""
        made = self._dense(self._table(run), run)
        return tf.concat([x, _as_map(made, self._size, x.dtype)], axis=3)


def _as_map(values: tf.Tensor, size: int, dtype: tf.DType) -> tf.Tensor:
    return tf.cast(tf.reshape(values, (-1, size, size, 1)), dtype)


def _discriminator(parts: list[Part], config: TrialConfig) -> list[Part]:
    keywords = common(config.discriminator, config.training.precision)
    table = Table(config.labels.values, config.labels.embedding_size, "class", keywords)
    return [ClassMap(table, config.data.image_size, keywords), *parts]


CONCAT = Conditioning(_discriminator)
