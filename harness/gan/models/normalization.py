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

    @property
    def statistics(self) -> tuple[keras.Variable, keras.Variable]:
        """The variables that a pass in training moves."""
        return self.moving_mean, self.moving_variance

    def call(self, x: tf.Tensor, training: bool) -> tf.Tensor:
        """Normalise (N, …, C) by the batch (and move the averages) or by the moving statistics."""
        moving = self.statistics
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


class _Affine(keras.layers.Layer):
    """A learned scale (if asked) and offset a channel, after a normalisation in float32."""

    def __init__(self, *, scale: bool, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.scale = scale

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create scale and offset, one number a channel."""
        keys = {"shape": (shape[-1] or 0,), "autocast": False}
        self.gamma = self.add_weight(name="gamma", initializer="ones", **keys) if self.scale else 1
        self.beta = self.add_weight(name="beta", initializer="zeros", **keys)
        self.built = True

    def _finish(
        self, x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, dtype: tf.DType
    ) -> tf.Tensor:
        normal = (x - mean) * tf.math.rsqrt(variance + _EPSILON)
        return tf.cast(normal * self.gamma + self.beta, dtype)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return shape


class LayerNormalization(_Affine):
    """Each image by all of its values (Ba et al. 2016)."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Normalise (N, …, C)."""
        values = tf.cast(x, tf.float32)
        mean, variance = tf.nn.moments(values, list(range(1, x.shape.rank)), keepdims=True)
        return self._finish(values, mean, variance, x.dtype)


class InstanceNormalization(_Affine):
    """Each channel of each image by itself (Ulyanov et al. 2016); vectors as a whole.

    A channel of a vector is one value, of which nothing would be left.
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Normalise (N, …, C)."""
        values = tf.cast(x, tf.float32)
        axes = list(range(1, x.shape.rank - 1)) or [1]
        mean, variance = tf.nn.moments(values, axes, keepdims=True)
        return self._finish(values, mean, variance, x.dtype)


class VirtualBatchNormalization(_Affine):
    """Each image by a reference batch and itself (Salimans et al. 2016).

    Of R references and one image, the image's statistics count 1 / (R + 1).
    """

    def call(self, x: tf.Tensor, references: int) -> tf.Tensor:
        """Normalise (N + R, …, C), of which the last R are the reference batch."""
        values = tf.cast(x, tf.float32)
        inner = list(range(1, x.shape.rank - 1))
        separate = [
            tf.reduce_mean(part, inner, keepdims=True) if inner else part
            for part in (values, tf.square(values))
        ]  # (N + R, …, C)
        common = [tf.reduce_mean(part[-references:], axis=0, keepdims=True) for part in separate]
        share = 1.0 / (references + 1)
        mixed = []
        for mine, theirs in zip(separate, common, strict=True):
            image = share * mine[:-references] + (1 - share) * theirs
            mixed.append(tf.concat([image, tf.repeat(theirs, references, axis=0)], axis=0))
        mean, square = mixed
        variance = tf.nn.relu(square - tf.square(mean))  # rounding may take it below zero
        return self._finish(values, mean, variance, x.dtype)
