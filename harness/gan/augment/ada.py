"""The controller of adaptive discriminator augmentation (Karras et al. 2020, in S0's form)."""

import tensorflow as tf

from harness.gan.numbers import AUGMENTATION_GAIN, Numbers


class Controller:
    """Integral control of the augmentation probability by the accuracy on real images."""

    def __init__(self, policy: str, numbers: Numbers) -> None:
        self._adaptive = policy == "adaptive"
        self._target = numbers["augmentation.target_accuracy"]
        # the same speed per image at every batch size; S0's own speed at 128
        self._gain = numbers[AUGMENTATION_GAIN]
        self._limit = numbers["augmentation.max_probability"]
        self._start = numbers["augmentation.probability"]
        self.probability = tf.Variable(self._start, trainable=False, name="probability")

    def reset(self) -> None:
        """As before the first update."""
        self.probability.assign(self._start)

    def update(self, real_accuracy: tf.Tensor) -> None:
        """p += gain (accuracy - target), kept between 0 and its limit; only `adaptive` moves."""
        if self._adaptive:
            error = real_accuracy - self._target
            self.probability.assign(
                tf.clip_by_value(self.probability + self._gain * error, 0.0, self._limit)
            )
