"""Batch normalisation by TensorFlow's fused kernel (Ioffe & Szegedy 2015)."""

from typing import Any

import keras
import tensorflow as tf

_EPSILON = 1e-3  # Keras' default, which S0 uses


class BatchNormalization(keras.layers.Layer):
    """Keras' layer of this name, by one kernel each way in place of a dozen.

    Same variables and formulas: the moving variance averages the biased variance. Statistics and
    variables are float32 at every precision.
    """

    def __init__(self, *, momentum: float, scale: bool, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.momentum = momentum
        self.scale = scale

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create scale (if asked), offset and moving statistics, one number a channel."""
        self.channels = shape[-1] or 0
        self.gamma = self._weight("gamma", "ones", True) if self.scale else None
        self.beta = self._weight("beta", "zeros", True)
        self.moving_mean = self._weight("moving_mean", "zeros", False)
        self.moving_variance = self._weight("moving_variance", "ones", False)
        self.built = True

    def _weight(self, name: str, initializer: str, trainable: bool) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=(self.channels,),
            initializer=initializer,
            trainable=trainable,
            autocast=False,
        )

    def call(self, x: tf.Tensor, training: bool) -> tf.Tensor:
        """Normalise (N, …, C) by the batch (and move the averages) or by the moving statistics."""
        moving = (self.moving_mean, self.moving_variance)
        # the kernel takes images
        image = x if x.shape.rank == 4 else x[:, tf.newaxis, tf.newaxis, :]
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=image,
            scale=tf.ones(self.channels) if self.gamma is None else self.gamma,
            offset=self.beta,
            mean=[] if training else moving[0],
            variance=[] if training else moving[1],
            epsilon=_EPSILON,
            is_training=training,
        )
        if training:
            count = tf.cast(tf.size(x) // self.channels, tf.float32)
            biased = variance * ((count - 1) / count)  # the kernel gives the unbiased one
            for average, value in zip(moving, (mean, biased), strict=True):
                average.assign_add((value - average) * (1 - self.momentum))
        return tf.reshape(y, tf.shape(x)) if y.shape.rank != x.shape.rank else y

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return shape
