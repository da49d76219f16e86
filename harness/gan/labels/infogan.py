"""InfoGAN (Chen et al. 2016): a code drawn for each image can be inferred from the image.

A categorical code c is given to the generator, and a head Q on the discriminator's features
estimates it. Both losses hold -L_I, where L_I = E[log Q(c | G(z, c))] + H(c) bounds the mutual
information of code and image from below (nats).
"""

import math

import tensorflow as tf

from harness.gan.forward_pass import ForwardPass
from harness.gan.labels.conditioning import Auxiliary, Conditioning, cross_entropy, with_head
from harness.gan.models.classes import Head


def _no_information(head: Head, forward: ForwardPass) -> tf.Tensor:
    scores = head.scores(forward.fake_features)
    return cross_entropy(scores, forward.fake_labels) - math.log(scores.shape[-1])


INFOGAN = Conditioning(
    with_head,
    Auxiliary("information", "labels.information_weight", _no_information, _no_information),
)
