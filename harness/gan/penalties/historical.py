"""Historical averaging: parameters are held near their mean so far."""

import tensorflow as tf

from harness.gan.penalties import Seen


def historical(seen: Seen) -> tf.Tensor:
    """||theta - mean||^2 over all trainable variables of the network (Salimans et al. 2016)."""
    pairs = zip(seen.network.trainable, seen.history, strict=True)
    return tf.add_n(
        [tf.reduce_sum(tf.math.squared_difference(value, mean)) for value, mean in pairs]
    )
