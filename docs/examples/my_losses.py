"""Losses that the harness does not have: a plug-in of the study next to it (docs/plugins.md)."""

import tensorflow as tf

from harness.plugins import Loss


def discriminator(real, fake, game):
    """Squared hinge: as the hinge loss, and a logit is moved the more, the further it is off."""
    above, below = tf.nn.relu(1.0 - real), tf.nn.relu(1.0 + fake)
    return tf.reduce_mean(tf.square(above)) + tf.reduce_mean(tf.square(below))


def generator(real, fake, game):
    """The generator raises the logits of its images."""
    return -tf.reduce_mean(fake)


LOSSES = {
    "squared_hinge": Loss(discriminator=discriminator, generator=generator, reaches_zero=True),
}
