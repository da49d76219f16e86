"""Class conditioning: what it adds to the discriminator and to both losses."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from harness.config.catalog import CONDITIONINGS
from harness.config.trial import TrialConfig
from harness.gan.forward_pass import ForwardPass
from harness.gan.models.blocks import common
from harness.gan.models.classes import Head
from harness.gan.models.network import Network, Part


class Auxiliary(NamedTuple):
    """A term in both losses, of what a head makes of the discriminator's features."""

    name: str
    weight: str  # its knob
    discriminator: Callable[[Head, ForwardPass], tf.Tensor]
    generator: Callable[[Head, ForwardPass], tf.Tensor]


class Conditioning(NamedTuple):
    """A way of using classes; how the generator is given them is the same in all."""

    # the discriminator's parts, not built yet → the same with what reads classes or tells them
    discriminator: Callable[[list[Part], TrialConfig], list[Part]]
    auxiliary: Auxiliary | None = None


def load_conditioning(config: TrialConfig) -> Conditioning | None:
    """The method of a trial; None where its networks are not given classes."""
    name = config.labels.conditioning
    method: Conditioning | None = None if name == "none" else CONDITIONINGS.load(name)
    return method


def with_head(parts: list[Part], config: TrialConfig) -> list[Part]:
    """A discriminator's parts with a head on its features."""
    head = Head(config.labels.values, common(config.discriminator, config.training.precision))
    after = [part.name for part in parts].index(Network.features) + 1
    return [*parts[:after], head, *parts[after:]]


def head_of(discriminator: Network) -> Head:
    """The head of a discriminator that has one."""
    (head,) = (part for part in discriminator.parts if isinstance(part, Head))
    return head


def cross_entropy(scores: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """-mean log softmax(scores)[label]: scores (N, classes), labels (N,) int32."""
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores))
