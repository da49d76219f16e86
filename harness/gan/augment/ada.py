"""The controller of adaptive discriminator augmentation (Karras et al. 2020, in S0's form)."""

import tensorflow as tf

from harness.config.trial import AugmentationConfig

_REFERENCE_BATCH = 128  # S0's, at which integration_steps counts updates


class Controller:
    """Integral control of the augmentation probability by the accuracy on real images."""

    def __init__(self, config: AugmentationConfig, batch_size: int) -> None:
        self.config = config
        # the same speed per image at every batch size; S0's own speed at 128
        self._gain = batch_size / (_REFERENCE_BATCH * config.integration_steps)
        self.probability = tf.Variable(
            config.probability, trainable=False, dtype=tf.float32, name="probability"
        )

    def update(self, real_accuracy: tf.Tensor) -> None:
        """p += gain (accuracy - target), kept in [0, 1]; only `adaptive` moves."""
        if self.config.policy == "adaptive":
            error = real_accuracy - self.config.target_accuracy
            self.probability.assign(
                tf.clip_by_value(self.probability + self._gain * error, 0.0, 1.0)
            )
