"""One training iteration, as the papers write it.

An iteration is n discriminator updates, each on its own real batch, then m generator updates, then
a step of the generator's moving average. In the simultaneous form (S0) the last discriminator
update and the first generator update share one forward pass; in the alternating form the generator
answers the updated discriminator.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import tensorflow as tf

from harness.config.catalog import UPDATES
from harness.gan.labels.labelled import MaybeLabelled, apart, together
from harness.gan.numbers import AVERAGE_RATE, AVERAGE_START
from harness.gan.pixels import from_bytes
from harness.gan.random import Counters
from harness.gan.train import variational
from harness.gan.train.accumulation import accumulate
from harness.gan.train.forward import discriminate, forward_pass, generate, replay
from harness.gan.train.objectives import (
    Discrimination,
    Losses,
    discrimination,
    discriminator_loss,
    generator_loss,
)
from harness.gan.train.schedule import at_every, learning_rate, updates_before
from harness.gan.train.state import Gan, Statistics

Gradients = Mapping[str, list[tf.Tensor]]  # network → of its loss, by each trainable variable


class Update(NamedTuple):
    """A kind of update: the networks that learn, and the forward pass that gives their losses."""

    networks: tuple[str, ...]
    losses: Callable[[Gan, MaybeLabelled, Counters], tuple[Losses, Discrimination | tuple[()]]]


def iterate(gan: Gan, real: MaybeLabelled, iteration: tf.Tensor) -> Statistics:
    """One iteration on real images (n, N, H, W, C) uint8; the statistics of its last updates."""
    training = gan.config.training
    batches = _batches(gan, real, iteration)
    last = training.discriminator_steps - 1
    for number in range(last):
        update_networks(gan, DISCRIMINATOR, batches[number], Counters(iteration, number))
    kind = UPDATES.load(training.update)
    statistics = update_networks(gan, kind, batches[last], Counters(iteration, last))
    for number in range("generator" in kind.networks, training.generator_steps):
        # in the alternating form the first answer is to the very images just discriminated
        counters = Counters(iteration, last + number)
        statistics |= update_networks(gan, GENERATOR, batches[last], counters)
    update_average(gan, iteration)
    return statistics


def update_networks(gan: Gan, kind: Update, batch: MaybeLabelled, counters: Counters) -> Statistics:
    """Forward pass, losses with penalties, gradients, the optimisers' steps, the controllers."""
    for name in kind.networks:
        gan.networks[name].advance()  # spectral normalisation's power iteration

    def backward(batch: MaybeLabelled, counters: Counters) -> Any:
        # a persistent tape sums gradients in another order, which rounds otherwise
        with tf.GradientTape(persistent=len(kind.networks) > 1) as tape:
            losses, judged = kind.losses(gan, batch, counters)
        gradients = {
            name: tape.gradient(loss.total, gan.networks[name].trainable)
            for name, loss in losses.items()
        }
        return losses, gradients, judged

    if gan.config.training.accumulation == 1:
        losses, gradients, judged = backward(batch, counters)
    else:
        losses, gradients, judged = accumulate(gan, backward, batch, counters)
    statistics = apply_gradients(gan, losses, gradients, counters)
    if judged:
        statistics |= update_controllers(gan, judged)
    return statistics


def both_losses(
    gan: Gan, batch: MaybeLabelled, counters: Counters
) -> tuple[Losses, Discrimination]:
    """Both networks from one forward pass (S0); replayed images are for the discriminator alone."""
    images = generate(gan, batch, counters)
    forward = replayed = discriminate(gan, images, counters)
    if gan.replay:
        replayed = discriminate(gan, replay(gan, images, counters), counters)
    losses = {
        "discriminator": discriminator_loss(gan, replayed, counters),
        "generator": generator_loss(gan, forward, counters),
    }
    return losses, discrimination(gan, replayed)


def discriminator_losses(
    gan: Gan, batch: MaybeLabelled, counters: Counters
) -> tuple[Losses, Discrimination]:
    """The discriminator alone: it classifies real and generated images, some of them replayed."""
    images = replay(gan, generate(gan, batch, counters), counters)
    forward = discriminate(gan, images, counters)
    loss = discriminator_loss(gan, forward, counters)
    return {"discriminator": loss}, discrimination(gan, forward)


def generator_losses(
    gan: Gan, batch: MaybeLabelled, counters: Counters
) -> tuple[Losses, tuple[()]]:
    """The generator alone: be taken for real."""
    forward = forward_pass(gan, batch, counters)
    return {"generator": generator_loss(gan, forward, counters)}, ()


DISCRIMINATOR = Update(("discriminator",), discriminator_losses)
GENERATOR = Update(("generator",), generator_losses)
BOTH = Update(("discriminator", "generator"), both_losses)
VARIATIONAL = Update(("discriminator", "generator"), variational.losses)


def apply_gradients(
    gan: Gan, losses: Losses, gradients: Gradients, counters: Counters
) -> Statistics:
    """The optimisers' steps, unless a network is to wait; losses and penalties to log."""
    statistics: Statistics = {}
    for name, loss in losses.items():
        statistics[f"{name}_loss"] = loss.total
        statistics |= {f"{term}_penalty": value for term, value in loss.penalties.items()}
    steps = {
        name: partial(_step, gan, name, gradient, counters) for name, gradient in gradients.items()
    }
    if gan.balance:
        totals = {name: loss.total for name, loss in losses.items()}
        return statistics | gan.balance.apply(totals, steps)
    for step in steps.values():
        step()
    return statistics


def _step(gan: Gan, network: str, gradient: list[tf.Tensor], counters: Counters) -> None:
    rate = learning_rate(gan, network, counters.iteration)
    gan.optimizers[network].apply(gradient, rate)
    clipping = gan.config.penalties.clipping
    if network == "discriminator" and clipping.limit > 0:
        number = updates_before(gan, network, counters)
        at_every(clipping.every, number, partial(_clip, gan), lambda: tf.constant(0.0))
    if network in gan.histories:
        gan.histories[network].add_current_values()


def _clip(gan: Gan) -> tf.Tensor:
    limit = gan.numbers["penalties.clipping.limit"]
    for variable in gan.discriminator.trainable:
        variable.assign(tf.clip_by_value(variable, -limit, limit))
    return limit * 1.0  # a branch of a choice has to give something


def update_controllers(gan: Gan, judged: Discrimination) -> Statistics:
    """Adapt ADA's probability and BEGAN's balance; statistics to log are returned."""
    gan.controller.update(judged.real_accuracy)
    gan.equilibrium.update(judged.real_logits, judged.fake_logits)
    return {
        "real_accuracy": judged.real_accuracy,
        "fake_accuracy": judged.fake_accuracy,
        "augmentation_probability": tf.convert_to_tensor(gan.controller.probability),
    }


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


def _batches(gan: Gan, real: MaybeLabelled, iteration: tf.Tensor) -> list[MaybeLabelled]:
    """The real batches of an iteration, in the range of pixels that networks work in."""
    pixels, labels = apart(real)
    images = from_bytes(pixels, gan.config.training.pixel_range)
    reference = gan.discriminator.reference
    if reference is not None:  # of virtual batch normalisation: the first real images
        first_images = images[0, : reference.shape[0]]
        reference.assign(tf.where(iteration == 0, first_images, reference.value))
    return [
        together(images[update], None if labels is None else labels[update])
        for update in range(gan.config.training.discriminator_steps)
    ]
