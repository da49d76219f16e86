"""Every penalty: a function of a forward pass, giving a scalar.

A penalty that draws noise draws it from `forward.seed` alone, so that switching it on moves no
other noise. Weights, and how often a penalty is applied, are the step's business.
"""

from collections.abc import Iterable

import tensorflow as tf

from harness.gan.forward_pass import ForwardPass
from harness.gan.random import uniform

_EPSILON = 1e-12  # keeps the gradient of the norm finite at zero


def gradient_penalty(forward: ForwardPass) -> tf.Tensor:
    """mean (||grad D(x)|| - 1)^2 at x = a real + (1 - a) fake, one a ~ U(0, 1) an image.

    Gulrajani et al. 2017 (WGAN-GP).
    """
    share = uniform((forward.real.shape[0], 1, 1, 1), forward.seed)
    return _one_centred(forward, share * forward.real + (1 - share) * forward.fake)


def dragan(forward: ForwardPass) -> tf.Tensor:
    """The same around real images: x = real + std / 2 * u, one u ~ U(0, 1) a value.

    std is that of all values of the batch. Kodali et al. 2017 (DRAGAN).
    """
    noise = uniform(forward.real.shape, forward.seed)
    return _one_centred(forward, forward.real + 0.5 * tf.math.reduce_std(forward.real) * noise)


def r1(forward: ForwardPass) -> tf.Tensor:
    """mean ||grad D(x)||^2 / 2 at real images (Mescheder et al. 2018)."""
    return 0.5 * tf.reduce_mean(_squared_norms(forward, forward.real))


def orthogonal(forward: ForwardPass) -> tf.Tensor:
    """sum ||W'W * (1 - I)||_F^2: a layer's outputs at right angles (Brock et al. 2019).

    W is a kernel as a matrix (everything else, outputs), before spectral normalisation; the sum is
    over all kernels of the network.
    """
    grams = map(_gram, forward.network.matrices())
    return _sum_of_squares(tf.linalg.set_diag(gram, tf.zeros(gram.shape[0])) for gram in grams)


def orthonormal(forward: ForwardPass) -> tf.Tensor:
    """sum ||W'W - I||_F^2: at right angles and of length one (Brock et al. 2017)."""
    grams = map(_gram, forward.network.matrices())
    return _sum_of_squares(gram - tf.eye(gram.shape[0]) for gram in grams)


def pulling_away(forward: ForwardPass) -> tf.Tensor:
    """Mean squared cosine between the features of two generated images (EBGAN, Zhao et al. 2017).

    It keeps generated images from being alike.
    """
    directions = tf.math.l2_normalize(forward.fake_features, axis=1)
    cosines = tf.linalg.matmul(directions, directions, transpose_b=True)
    count = directions.shape[0]
    others = tf.linalg.set_diag(tf.square(cosines), tf.zeros(count))
    return tf.reduce_sum(others) / (count * (count - 1))


def historical(forward: ForwardPass) -> tf.Tensor:
    """||theta - mean||^2 over all trainable variables: historical averaging (Salimans et al. 2016).

    The mean is that of a parameter's values so far.
    """
    pairs = zip(forward.network.trainable, forward.history, strict=True)
    return tf.add_n(
        [tf.reduce_sum(tf.math.squared_difference(value, mean)) for value, mean in pairs]
    )


def _one_centred(forward: ForwardPass, images: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.square(tf.sqrt(_squared_norms(forward, images) + _EPSILON) - 1))


def _squared_norms(forward: ForwardPass, images: tf.Tensor) -> tf.Tensor:
    """||grad D||^2 at each image, (N,)."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = forward.logits(images)
    return tf.reduce_sum(tf.square(tape.gradient(logits, images)), axis=(1, 2, 3))


def _gram(matrix: tf.Tensor) -> tf.Tensor:
    return tf.linalg.matmul(matrix, matrix, transpose_a=True)


def _sum_of_squares(matrices: Iterable[tf.Tensor]) -> tf.Tensor:
    return tf.add_n([tf.reduce_sum(tf.square(matrix)) for matrix in matrices])
