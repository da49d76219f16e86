"""The pull of a penalty: the length of its gradient relative to that of the loss it is added to.

Measured at evaluations on one batch, by a separate small program. It changes nothing: batch
normalisation's averages are put back, and the random draws are those of the update just done.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from harness.gan.labels.labelled import MaybeLabelled, apart, together
from harness.gan.pixels import from_bytes
from harness.gan.random import Counters
from harness.gan.train.accumulation import assign
from harness.gan.train.forward import forward_pass
from harness.gan.train.objectives import bare_discriminator_loss, bare_generator_loss, penalty
from harness.gan.train.state import Gan, Statistics

_TINY = 1e-30  # keeps the ratio finite where the gradient of a loss is zero


def measure_pulls(gan: Gan, batch: MaybeLabelled, iteration: tf.Tensor) -> Statistics:
    """Of each penalty `<name>_pull`: |gradient of weight * penalty| / |gradient of the loss|.

    By all parameters of the penalised network, on real images (N, H, W, C) uint8; the loss without
    penalties. A penalty that is applied at every n-th update, n times as strong, counts as if it
    were applied at each.
    """
    training = gan.config.training
    counters = Counters(
        iteration,
        training.discriminator_steps - 1,
        None if training.accumulation == 1 else tf.constant(0),
    )
    pixels, labels = apart(batch)
    real = together(from_bytes(pixels, training.pixel_range), labels)
    averages = [*gan.generator.statistics, *gan.discriminator.statistics]
    before = [tf.identity(value) for value in averages]
    terms = [term for network_terms in gan.terms.values() for term in network_terms]
    with tf.GradientTape(persistent=True) as tape:
        forward = forward_pass(gan, real, counters)
        losses = {
            "discriminator": bare_discriminator_loss(gan, forward, counters),
            "generator": bare_generator_loss(gan, forward),
        }
        weighted = [term.weight * penalty(gan, term, forward, counters) for term in terms]

    def norm(value: tf.Tensor, network: str) -> tf.Tensor:
        return _norm(tape, value, gan.networks[network].trainable)

    pulls = {
        f"{term.name}_pull": norm(value, term.network)
        / tf.maximum(norm(losses[term.network], term.network), _TINY)
        for term, value in zip(terms, weighted, strict=True)
    }
    assign(averages, before)
    return pulls


def _norm(
    tape: tf.GradientTape, value: tf.Tensor, variables: Sequence[keras.Variable]
) -> tf.Tensor:
    gradients = tape.gradient(value, variables)  # None of what the value does not depend on
    norm: tf.Tensor = tf.linalg.global_norm([part for part in gradients if part is not None])
    return norm
