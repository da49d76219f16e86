"""Parts that are made of parts: residual blocks, self-attention, latents fed in again."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from harness.gan.models.layers import Convolution, Dense, Scale
from harness.gan.models.network import Part, Pass, Plain, Shape


class Composite:
    """A part of parts; its variables are those of `inner`, under their own names."""

    def __init__(self, name: str, inner: Sequence[Part]) -> None:
        self.name = name
        self.inner = list(inner)


class Residual(Composite):
    """(N, H, W, C) → block(x) + shortcut(x) (He et al. 2016)."""

    def __init__(self, name: str, block: Sequence[Part], shortcut: Sequence[Part]) -> None:
        super().__init__(name, [*block, *shortcut])
        self._block, self._shortcut = block, shortcut

    def build(self, shape: Shape) -> None:
        """Build both ways."""
        for way in (self._block, self._shortcut):
            built(way, shape)

    def compute_output_shape(self, shape: Shape) -> Shape:
        """The shape of the output of both branches."""
        for part in self._block:
            shape = part.compute_output_shape(shape)
        return shape

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """The sum of both ways."""
        return applied(self._block, x, run) + applied(self._shortcut, x, run)


class SelfAttention(Composite):
    """x + gain * attention(x), the gain learned from 0 on (Zhang et al. 2019, SAGAN).

    Queries and keys have an eighth of the channels, values half.
    """

    def __init__(self, channels: int, name: str, keywords: dict[str, Any]) -> None:
        def project(units: int, role: str) -> Plain:
            keys = {**keywords, "use_bias": False}
            return Plain(Convolution(max(1, units), 1, 1, name=f"{name}_{role}", **keys))

        self._query, self._key = project(channels // 8, "query"), project(channels // 8, "key")
        self._value, self._output = project(channels // 2, "value"), project(channels, "output")
        self._gain = Plain(Scale(name=f"{name}_gain", dtype=keywords["dtype"]))
        super().__init__(name, [self._query, self._key, self._value, self._output, self._gain])

    def build(self, shape: Shape) -> None:
        """Build the four projections and the gain."""
        for part in (self._query, self._key, self._value):
            part.build(shape)
        self._output.build(self._value.compute_output_shape(shape))
        self._gain.build(shape)

    def compute_output_shape(self, shape: Shape) -> Shape:
        """The input's shape."""
        return shape

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Every position attends to every position."""
        flat = [self._flat(part(x, run)) for part in (self._query, self._key, self._value)]
        query, key, value = flat
        weights = tf.nn.softmax(tf.linalg.matmul(query, key, transpose_b=True))
        seen = tf.linalg.matmul(weights, value)
        seen = tf.reshape(seen, (-1, x.shape[1], x.shape[2], value.shape[-1]))
        return x + self._gain(self._output(seen, run), run)

    @staticmethod
    def _flat(x: tf.Tensor) -> tf.Tensor:
        return tf.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))


class Injection(Composite):
    """Adds what a dense layer makes of the latents to every place (skip-z of BigGAN)."""

    def __init__(self, latents: int, channels: int, name: str, keywords: dict[str, Any]) -> None:
        self._latents = latents
        self._dense = Plain(Dense(channels, name=name, **{**keywords, "use_bias": False}))
        super().__init__(f"{name}_injection", [self._dense])

    def build(self, shape: Shape) -> None:
        """Build for latents (N, size)."""
        del shape
        self._dense.build((None, self._latents))

    def compute_output_shape(self, shape: Shape) -> Shape:
        """The input's shape."""
        return shape

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """(N, H, W, C) + (N, 1, 1, C)."""
        return x + self._dense(run.inputs, run)[:, tf.newaxis, tf.newaxis, :]


def built(parts: Sequence[Part], shape: Shape) -> Shape:
    """Build parts in order for inputs of `shape`; the shape that comes out."""
    for part in parts:
        part.build(shape)
        shape = part.compute_output_shape(shape)
    return shape


def applied(parts: Sequence[Part], x: tf.Tensor, run: Pass) -> tf.Tensor:
    """Apply parts in order."""
    for part in parts:
        x = part(x, run)
    return x
