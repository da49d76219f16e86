"""Minibatch discrimination: features of a whole batch, so that repeated images are noticed."""

import keras
import tensorflow as tf

_KERNELS, _SIZE = 100, 5  # B and C of the authors' code


class MinibatchDiscrimination(keras.layers.Layer):
    """(N, F) → (N, F + B): how near the others are, by B learned distances (Salimans et al. 2016).

    M_i = f(x_i) T in R^(B x C); o_b(x_i) = sum over j of exp(-||M_ib - M_jb||_1), j = i left out.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create T as a matrix (F, B * C)."""
        self.kernel = self.add_weight(
            name="kernel", shape=(shape[-1], _KERNELS * _SIZE), initializer="zeros", autocast=False
        )
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Append the closenesses."""
        features = tf.cast(x, tf.float32)
        places = tf.reshape(
            tf.linalg.matmul(features, tf.convert_to_tensor(self.kernel)), (-1, _KERNELS, _SIZE)
        )
        differences = places[:, tf.newaxis] - places[tf.newaxis]
        distances = tf.reduce_sum(tf.abs(differences), axis=3)  # (N, N, B)
        closeness = tf.reduce_sum(tf.exp(-distances), axis=1) - 1.0  # to itself it is 1
        return tf.concat([x, tf.cast(closeness, x.dtype)], axis=1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(N, F + B)."""
        return shape[0], (shape[1] or 0) + _KERNELS


class MinibatchStandardDeviation(keras.layers.Layer):
    """(N, F) → (N, F + 1): the mean over features of their deviation in the batch.

    Karras et al. 2018 (progressive growing), with the whole batch as one group.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Nothing to create."""
        del shape
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Append the deviation, the same for all images of the batch."""
        variance = tf.math.reduce_variance(tf.cast(x, tf.float32), axis=0)
        deviation = tf.reduce_mean(tf.sqrt(variance + 1e-8))
        return tf.concat([x, tf.fill((tf.shape(x)[0], 1), tf.cast(deviation, x.dtype))], axis=1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(N, F + 1)."""
        return shape[0], (shape[1] or 0) + 1
