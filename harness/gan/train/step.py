"""One training iteration, as the papers write it.

An iteration is n discriminator updates, each on its own real batch, then m generator updates. In
the simultaneous form (S0) the last discriminator update and the first generator update come from
one forward pass; in the alternating form the generator answers the updated discriminator.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import tensorflow as tf

from harness.gan.labels.labelled import MaybeLabelled, apart, together
from harness.gan.numbers import AVERAGE_RATE, AVERAGE_START
from harness.gan.pixels import from_bytes
from harness.gan.train import variational
from harness.gan.train.objectives import Values, discriminator_loss, generator_loss
from harness.gan.train.state import Gan
from harness.gan.train.updates import Lesson, averaged, take
from harness.gan.train.view import Clock, View, look, look_back, look_twice


class Verdict(NamedTuple):
    """How the discriminator judged what a pass showed it."""

    real_accuracy: tf.Tensor
    fake_accuracy: tf.Tensor
    real_logits: tf.Tensor  # (N, 1)
    fake_logits: tf.Tensor  # (N, 1)


def update_discriminator(gan: Gan, real: MaybeLabelled, clock: Clock) -> Values:
    """One update of the discriminator alone: tell real from generated."""
    gan.discriminator.advance()

    def learn(real: MaybeLabelled, clock: Clock) -> tuple[Lesson, Verdict]:
        with tf.GradientTape() as tape:
            view = look_back(gan, real, clock)
            loss, penalties = discriminator_loss(gan, view, clock)
        gradient = tape.gradient(loss, gan.discriminator.trainable)
        return Lesson(loss, penalties, gradient), _verdict(gan, view)

    lesson, verdict = averaged(gan, learn, real, clock)
    return {**take(gan, {"discriminator": lesson}, clock), **_after_discriminator(gan, verdict)}


def update_generator(gan: Gan, real: MaybeLabelled, clock: Clock, number: int = 0) -> Values:
    """One update of the generator alone, the iteration's `number`-th."""
    gan.generator.advance()

    def learn(real: MaybeLabelled, clock: Clock) -> Lesson:
        with tf.GradientTape() as tape:
            loss, penalties = generator_loss(gan, look(gan, real, clock), clock, number)
        return Lesson(loss, penalties, tape.gradient(loss, gan.generator.trainable))

    return take(gan, {"generator": averaged(gan, learn, real, clock)}, clock)


def update_both(gan: Gan, real: MaybeLabelled, clock: Clock) -> Values:
    """Both networks from one forward pass (S0)."""
    gan.discriminator.advance()
    gan.generator.advance()

    def learn(real: MaybeLabelled, clock: Clock) -> tuple[dict[str, Lesson], Verdict]:
        with tf.GradientTape(persistent=True) as tape:
            view_d, view_g = look_twice(gan, real, clock)
            loss_d, penalties_d = discriminator_loss(gan, view_d, clock)
            loss_g, penalties_g = generator_loss(gan, view_g, clock, 0)
        gradient_d = tape.gradient(loss_d, gan.discriminator.trainable)
        gradient_g = tape.gradient(loss_g, gan.generator.trainable)
        return {
            "discriminator": Lesson(loss_d, penalties_d, gradient_d),
            "generator": Lesson(loss_g, penalties_g, gradient_g),
        }, _verdict(gan, view_d)

    lessons, verdict = averaged(gan, learn, real, clock)
    return {**take(gan, lessons, clock), **_after_discriminator(gan, verdict)}


# training.update → the last discriminator update, and how many generator updates are in it
_FIRST: Mapping[str, tuple[Callable[[Gan, MaybeLabelled, Clock], Values], int]] = {
    "simultaneous": (update_both, 1),
    "alternating": (update_discriminator, 0),
    "variational": (variational.update, 1),
}


def iterate(gan: Gan, real: MaybeLabelled, iteration: tf.Tensor) -> Values:
    """One iteration on real images (n, N, H, W, C) uint8; the last update's statistics."""
    training = gan.config.training
    pixels, labels = apart(real)
    batches = from_bytes(pixels, gan.config.training.pixel_range)
    reference = gan.discriminator.reference
    if reference is not None:  # of virtual batch normalisation: the first real images
        first_images = batches[0, : reference.shape[0]]
        reference.assign(tf.where(iteration == 0, first_images, reference.value))

    def batch(update: int) -> MaybeLabelled:
        return together(batches[update], None if labels is None else labels[update])

    last = training.discriminator_steps - 1
    for update in range(last):
        update_discriminator(gan, batch(update), (iteration, update))
    first, done = _FIRST[training.update]
    statistics = first(gan, batch(last), (iteration, last))
    for number in range(done, training.generator_steps):
        # in the alternating form the first answer is to the very images just discriminated
        clock = (iteration, last + number)
        statistics |= update_generator(gan, batch(last), clock, number)
    update_average(gan, iteration)
    return statistics


def update_average(gan: Gan, iteration: tf.Tensor) -> None:
    """Move every variable of the average, batch statistics included (S0), towards the generator."""
    rate = gan.numbers[AVERAGE_RATE]
    waits = gan.config.training.ema_start > 0
    begun = tf.cast(iteration, tf.float32) + 1.0 > gan.numbers[AVERAGE_START]
    values = gan.generator.variables.values()
    for mean, value in zip(gan.average.variables.values(), values, strict=True):
        if waits:
            mean.assign(tf.where(begun, mean + rate * (value - mean), value))
        else:
            mean.assign_add(rate * (value - mean))


def _verdict(gan: Gan, view: View) -> Verdict:
    accuracies = gan.loss.accuracies(view.real_logits, view.fake_logits)
    return Verdict(*accuracies, view.real_logits, view.fake_logits)


def _after_discriminator(gan: Gan, verdict: Verdict) -> Values:
    """Tell the controllers how well images were recognised; what the log wants to know."""
    gan.controller.update(verdict.real_accuracy)
    gan.equilibrium.update(verdict.real_logits, verdict.fake_logits)
    return {
        "real_accuracy": verdict.real_accuracy,
        "fake_accuracy": verdict.fake_accuracy,
        "augmentation_probability": tf.convert_to_tensor(gan.controller.probability),
    }
