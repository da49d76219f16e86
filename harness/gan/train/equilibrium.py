"""BEGAN's balance of discriminator and generator (Berthelot et al. 2017)."""

import tensorflow as tf

from harness.gan.numbers import Numbers


class Equilibrium:
    """k_t, the weight of generated images in the discriminator's loss."""

    def __init__(self, loss: str, numbers: Numbers) -> None:
        self._moves = loss == "began"
        self._ratio = numbers["loss.diversity_ratio"]
        self._gain = numbers["loss.equilibrium_gain"]
        self.weight = tf.Variable(0.0, trainable=False, name="equilibrium")

    def reset(self) -> None:
        """As before the first update."""
        self.weight.assign(0.0)

    def update(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> None:
        """k += gain (ratio * energy of real - energy of generated images), kept in [0, 1]."""
        if self._moves:
            real, fake = -tf.reduce_mean(real_logits), -tf.reduce_mean(fake_logits)
            moved = self.weight + self._gain * (self._ratio * real - fake)
            self.weight.assign(tf.clip_by_value(moved, 0.0, 1.0))
