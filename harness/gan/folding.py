"""InceptionV3 with less to compute: its batch norms folded into its convolutions."""

import keras
import numpy as np
import tensorflow as tf


class Shift(keras.layers.Layer):
    """Adds a constant to each channel: what is left of a folded batch norm."""

    def build(self, shape: tuple[int, ...]) -> None:
        """One constant a channel."""
        self.shift = self.add_weight(shape=shape[-1:], name="shift")

    def call(self, x: tf.Tensor, mask: None = None) -> tf.Tensor:
        """The shifted maps; not as a plain sum, which is not computed with the convolution."""
        del mask
        return tf.nn.bias_add(x, self.shift)


def folded(model: keras.Model) -> keras.Model:
    """InceptionV3 with its batch norms folded into the convolutions before them: less to compute.

    For inference. Each of its batch norms follows a convolution without bias, and has no gamma.
    """

    def replaced(layer: keras.Layer) -> keras.Layer:
        if isinstance(layer, keras.layers.BatchNormalization):
            return Shift(name=layer.name)
        return type(layer).from_config(layer.get_config())

    result = keras.models.clone_model(model, clone_function=replaced)
    for norm in model.layers:
        if isinstance(norm, keras.layers.BatchNormalization):
            convolution = norm.input._keras_history.operation
            (kernel,) = convolution.get_weights()
            beta, mean, variance = (array.astype(np.float64) for array in norm.get_weights())
            factor = 1.0 / np.sqrt(variance + norm.epsilon)
            result.get_layer(convolution.name).set_weights([kernel * factor])
            result.get_layer(norm.name).set_weights([beta - mean * factor])
    return result
