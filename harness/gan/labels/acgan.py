"""Auxiliary classifier GAN (Odena et al. 2017): the discriminator also tells classes.

It is not given them; both networks want real and generated images to be told right.
"""

import tensorflow as tf

from harness.gan.labels.conditioning import Auxiliary, Conditioning, cross_entropy, with_head
from harness.gan.models.classes import Head
from harness.gan.penalties import Seen


def _generated(head: Head, seen: Seen) -> tf.Tensor:
    return cross_entropy(head.scores(seen.fake_features), seen.fake_labels)


def _both(head: Head, seen: Seen) -> tf.Tensor:
    real = cross_entropy(head.scores(seen.real_features), seen.real_labels)
    return real + _generated(head, seen)


ACGAN = Conditioning(
    with_head, Auxiliary("classifier", "labels.classifier_weight", _both, _generated)
)
