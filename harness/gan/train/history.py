"""The running mean of a network's parameters, which historical averaging holds them near."""

from collections.abc import Sequence

import keras
import tensorflow as tf


class History:
    """Means of variables over all of their values so far, the first ones included."""

    def __init__(self, trainable: Sequence[keras.Variable]) -> None:
        self._trainable = list(trainable)
        self.means = [tf.Variable(tf.zeros(value.shape), trainable=False) for value in trainable]
        self._count = tf.Variable(0.0, trainable=False, name="count")

    def variables(self) -> dict[str, tf.Variable]:
        """Everything that a resumed training needs, by a stable name."""
        means = {f"mean/{number}": mean for number, mean in enumerate(self.means)}
        return {"count": self._count, **means}

    def reset(self) -> None:
        """Begin with the values that the variables have now."""
        self._count.assign(1.0)
        for mean, value in zip(self.means, self._trainable, strict=True):
            mean.assign(value)

    def add_current_values(self) -> None:
        """Update the means by the present values."""
        share = 1.0 / self._count.assign_add(1.0)
        for mean, value in zip(self.means, self._trainable, strict=True):
            mean.assign_add(share * (value - mean))
