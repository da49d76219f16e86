"""How hard a penalty pulls: its gradient beside that of the loss that it is added to.

Measured now and then on one batch, by a small program of its own. It changes nothing: what passes
in training move is put back, and the random draws are those of the update just done.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from harness.gan.labels.labelled import MaybeLabelled, apart, together
from harness.gan.pixels import from_bytes
from harness.gan.train.objectives import Values, discriminator_game, generator_game, of_term
from harness.gan.train.state import Gan
from harness.gan.train.updates import assign
from harness.gan.train.view import Clock, look

_TINY = 1e-30  # keeps the ratio finite where a loss teaches nothing at all


def pulls(gan: Gan, given: MaybeLabelled, iteration: tf.Tensor) -> Values:
    """Of each penalty `<name>_pull`: |gradient of weight * penalty| / |gradient of the loss|.

    By all parameters of the penalised network, on real images (N, H, W, C) uint8; the loss without
    penalties. A penalty that is applied at every n-th update, n times as strong, counts as if it
    were applied at each.
    """
    training = gan.config.training
    update = (iteration, training.discriminator_steps - 1)
    clock: Clock = update if training.accumulation == 1 else (*update, tf.constant(0))
    pixels, labels = apart(given)
    real = together(from_bytes(pixels, training.pixel_range), labels)
    moved = [*gan.generator.statistics, *gan.discriminator.statistics]
    before = [tf.identity(value) for value in moved]
    with tf.GradientTape(persistent=True) as tape:
        view = look(gan, real, clock)
        discriminator = discriminator_game(gan, view, clock)
        generator = generator_game(gan, view)
        sides = (
            (gan.discriminator, discriminator, gan.terms.discriminator),
            (gan.generator, generator, gan.terms.generator),
        )
        pulling = {
            term.name: term.weight * of_term(gan, term, network, view, clock)
            for network, _, terms in sides
            for term in terms
        }
    found = {
        f"{term.name}_pull": _norm(tape, pulling[term.name], network.trainable)
        / tf.maximum(_norm(tape, loss, network.trainable), _TINY)
        for network, loss, terms in sides
        for term in terms
    }
    assign(moved, before)
    return found


def _norm(
    tape: tf.GradientTape, value: tf.Tensor, variables: Sequence[keras.Variable]
) -> tf.Tensor:
    gradients = tape.gradient(value, variables)  # None of what the value does not depend on
    norm: tf.Tensor = tf.linalg.global_norm([part for part in gradients if part is not None])
    return norm
