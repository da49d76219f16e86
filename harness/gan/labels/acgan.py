"""Auxiliary classifier GAN (Odena et al. 2017): the discriminator also tells classes.

It is not given them; both networks want real and generated images to be told right.
"""

import tensorflow as tf

from harness.gan.forward_pass import ForwardPass
from harness.gan.labels.conditioning import Auxiliary, Conditioning, cross_entropy, with_head
from harness.gan.models.classes import Head


def _generated(head: Head, forward: ForwardPass) -> tf.Tensor:
    return cross_entropy(head.scores(forward.fake_features), forward.fake_labels)


def _both(head: Head, forward: ForwardPass) -> tf.Tensor:
    real = cross_entropy(head.scores(forward.real_features), forward.real_labels)
    return real + _generated(head, forward)


ACGAN = Conditioning(
    with_head, Auxiliary("classifier", "labels.classifier_weight", _both, _generated)
)
