"""The pulling-away term of EBGAN (Zhao et al. 2017): generated images are not to be alike."""

import tensorflow as tf

from harness.gan.penalties import Seen


def pulling_away(seen: Seen) -> tf.Tensor:
    """Mean squared cosine between the features of two different generated images."""
    directions = tf.math.l2_normalize(seen.fake_features, axis=1)
    cosines = tf.linalg.matmul(directions, directions, transpose_b=True)
    count = directions.shape[0]
    others = tf.linalg.set_diag(tf.square(cosines), tf.zeros(count))
    return tf.reduce_sum(others) / (count * (count - 1))
