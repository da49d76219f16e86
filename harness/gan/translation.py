"""The sources of a translation: a one-channel picture computed from any image."""

import tensorflow as tf

_TINY = 1e-12  # keeps the gradient of a length finite at zero
_SHARP = 4.0  # what Sobel's filter gives at a vertical edge from 0 to 1


def grey(images: tf.Tensor) -> tf.Tensor:
    """Brightness of colour images (N, H, W, 3) in [0, 1] by BT.601's weights: (N, H, W, 1)."""
    return tf.image.rgb_to_grayscale(images)


def edges(images: tf.Tensor) -> tf.Tensor:
    """Strength of the edges of images (N, H, W, C) in [0, 1]: (N, H, W, 1) in [0, 1].

    The length of Sobel's gradient of the mean channel, relative to that of a sharp black and white
    edge.
    """
    mean = tf.reduce_mean(images, axis=3, keepdims=True)
    gradient = tf.image.sobel_edges(mean)  # (N, H, W, 1, 2)
    length = tf.sqrt(tf.reduce_sum(tf.square(gradient), axis=4) + _TINY)
    return tf.minimum(length / _SHARP, 1.0)
