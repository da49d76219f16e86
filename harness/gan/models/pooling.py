"""From feature maps to smaller ones, or to a vector."""

import keras
import tensorflow as tf


class MaxPool(keras.layers.Layer):
    """(N, H, W, C) → (N, H/2, W/2, C), the largest of 2 x 2 places; of even sizes.

    Of equal values the first takes the gradient, as TensorFlow's own layer does. That one is not
    used: the gradient of its gradient, which penalties of gradients need, has no XLA kernel in
    bfloat16, and in float32 one that compares rounded values and so looks at other places.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Nothing to create."""
        del shape
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Pool: neighbours in a row first, then in a column."""
        _, height, width, channels = x.shape
        pairs = tf.unstack(tf.reshape(x, (-1, height, width // 2, 2, channels)), axis=3)
        shape = (-1, height // 2, 2, width // 2, channels)
        return _larger(*tf.unstack(tf.reshape(_larger(*pairs), shape), axis=2))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Height and width halved."""
        return shape[0], *((size or 0) // 2 for size in shape[1:3]), shape[3]


def _larger(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    return tf.where(second > first, second, first)


class SumPool(keras.layers.Layer):
    """(N, H, W, C) → (N, C), the sum over all places."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Nothing to create."""
        del shape
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Sum."""
        return tf.reduce_sum(x, axis=(1, 2))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(N, C)."""
        return shape[0], shape[-1]
