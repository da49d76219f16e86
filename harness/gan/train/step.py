"""One training iteration, as the papers write it.

An iteration is n discriminator updates, each on its own real batch, then m generator updates. In
the simultaneous form (S0) the last discriminator update and the first generator update come from
one forward pass; in the alternating form the generator answers the updated discriminator.
"""

from collections.abc import Callable, Mapping

import tensorflow as tf

from harness.gan.models.network import Network
from harness.gan.numbers import AVERAGE_RATE
from harness.gan.train import variational
from harness.gan.train.objectives import Values, discriminator_loss, generator_loss
from harness.gan.train.state import Gan
from harness.gan.train.view import Clock, View, look


def update_discriminator(gan: Gan, real: tf.Tensor, clock: Clock) -> dict[str, tf.Tensor]:
    """One update of the discriminator alone: tell real from generated."""
    gan.discriminator.advance()
    with tf.GradientTape() as tape:
        view = look(gan, real, clock)
        loss, penalties = discriminator_loss(gan, view, clock)
    _apply_discriminator(gan, tape.gradient(loss, gan.discriminator.trainable))
    return _after_discriminator(gan, view, loss, penalties)


def update_generator(
    gan: Gan, real: tf.Tensor, clock: Clock, number: int = 0
) -> dict[str, tf.Tensor]:
    """One update of the generator alone, the iteration's `number`-th."""
    gan.generator.advance()
    with tf.GradientTape() as tape:
        loss, penalties = generator_loss(gan, look(gan, real, clock), clock, number)
    _apply_generator(gan, tape.gradient(loss, gan.generator.trainable))
    return {"generator_loss": loss, **_named(penalties)}


def update_both(gan: Gan, real: tf.Tensor, clock: Clock) -> dict[str, tf.Tensor]:
    """Both networks from one forward pass (S0)."""
    gan.discriminator.advance()
    gan.generator.advance()
    with tf.GradientTape(persistent=True) as tape:
        view = look(gan, real, clock)
        loss_d, penalties_d = discriminator_loss(gan, view, clock)
        loss_g, penalties_g = generator_loss(gan, view, clock, 0)
    gradient_d = tape.gradient(loss_d, gan.discriminator.trainable)
    gradient_g = tape.gradient(loss_g, gan.generator.trainable)
    _apply_discriminator(gan, gradient_d)
    _apply_generator(gan, gradient_g)
    return {
        **_after_discriminator(gan, view, loss_d, penalties_d),
        "generator_loss": loss_g,
        **_named(penalties_g),
    }


# training.update → the last discriminator update, and how many generator updates are in it
_FIRST: Mapping[str, tuple[Callable[[Gan, tf.Tensor, Clock], dict[str, tf.Tensor]], int]] = {
    "simultaneous": (update_both, 1),
    "alternating": (update_discriminator, 0),
    "variational": (variational.update, 1),
}


def iterate(gan: Gan, real: tf.Tensor, iteration: tf.Tensor) -> dict[str, tf.Tensor]:
    """One iteration on real images (n, N, H, W, C) uint8; the last update's statistics."""
    training = gan.config.training
    batches = tf.cast(real, tf.float32) / 255.0
    last = training.discriminator_steps - 1
    for update in range(last):
        update_discriminator(gan, batches[update], (iteration, update))
    first, done = _FIRST[training.update]
    statistics = first(gan, batches[last], (iteration, last))
    for number in range(done, training.generator_steps):
        # in the alternating form the first answer is to the very images just discriminated
        clock = (iteration, last + number)
        statistics |= update_generator(gan, batches[last], clock, number)
    update_average(gan.average, gan.generator, gan.numbers[AVERAGE_RATE])
    return statistics


def update_average(average: Network, network: Network, rate: tf.Tensor) -> None:
    """Move every variable of the average, batch statistics included (S0), towards the network."""
    values = network.variables.values()
    for mean, value in zip(average.variables.values(), values, strict=True):
        mean.assign_add(rate * (value - mean))


def _apply_discriminator(gan: Gan, gradient: list[tf.Tensor]) -> None:
    gan.discriminator_optimizer.apply(gradient)
    if gan.config.penalties.clipping.limit > 0:
        limit = gan.numbers["penalties.clipping.limit"]
        for variable in gan.discriminator.trainable:
            variable.assign(tf.clip_by_value(variable, -limit, limit))


def _apply_generator(gan: Gan, gradient: list[tf.Tensor]) -> None:
    gan.generator_optimizer.apply(gradient)


def _after_discriminator(
    gan: Gan, view: View, loss: tf.Tensor, penalties: Values
) -> dict[str, tf.Tensor]:
    """Tell the controller how well real images were recognised; what the log wants to know."""
    real_accuracy, fake_accuracy = gan.loss.accuracies(view.real_logits, view.fake_logits)
    gan.controller.update(real_accuracy)
    gan.equilibrium.update(view.real_logits, view.fake_logits)
    return {
        "discriminator_loss": loss,
        "real_accuracy": real_accuracy,
        "fake_accuracy": fake_accuracy,
        "augmentation_probability": tf.convert_to_tensor(gan.controller.probability),
        **_named(penalties),
    }


def _named(penalties: Values) -> dict[str, tf.Tensor]:
    return {f"{name}_penalty": value for name, value in penalties.items()}
