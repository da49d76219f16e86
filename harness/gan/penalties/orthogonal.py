"""Orthogonal regularisation: the outputs of a layer are to be independent of each other.

W is a kernel as a matrix (everything else, outputs); sums over all kernels of the network, spectral
normalisation left aside.
"""

from collections.abc import Iterable

import tensorflow as tf

from harness.gan.penalties import Seen


def orthogonal(seen: Seen) -> tf.Tensor:
    """sum ||W'W * (1 - I)||_F^2: outputs at right angles, of any length (Brock et al. 2019)."""
    grams = map(_gram, seen.network.matrices())
    return _sum(tf.linalg.set_diag(gram, tf.zeros(gram.shape[0])) for gram in grams)


def orthonormal(seen: Seen) -> tf.Tensor:
    """sum ||W'W - I||_F^2: at right angles and of length one (Brock et al. 2017)."""
    grams = map(_gram, seen.network.matrices())
    return _sum(gram - tf.eye(gram.shape[0]) for gram in grams)


def _gram(matrix: tf.Tensor) -> tf.Tensor:
    return tf.linalg.matmul(matrix, matrix, transpose_a=True)


def _sum(matrices: Iterable[tf.Tensor]) -> tf.Tensor:
    return tf.add_n([tf.reduce_sum(tf.square(matrix)) for matrix in matrices])
