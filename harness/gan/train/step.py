"""One training iteration, as the papers write it.

An iteration is n discriminator updates, each on its own real batch, then m generator updates. In
the simultaneous form (S0) the last discriminator update and the first generator update come from
one forward pass; in the alternating form the generator answers the updated discriminator.
"""

from typing import NamedTuple

import tensorflow as tf

from harness.gan.augment.warp import augment
from harness.gan.models.network import Network, Pass
from harness.gan.numbers import AVERAGE_RATE
from harness.gan.penalties import Seen
from harness.gan.random import normal
from harness.gan.train.state import Gan, Term

Clock = tuple[tf.Tensor, int]  # iteration, update within it: the counters of every random draw


class View(NamedTuple):
    """What one forward pass of both networks saw."""

    real: tf.Tensor  # (N, H, W, C) in [0, 1], augmented
    fake: tf.Tensor  # (N, H, W, C) in [0, 1], augmented
    real_logits: tf.Tensor  # (N, 1)
    fake_logits: tf.Tensor  # (N, 1)


def look(gan: Gan, real: tf.Tensor, clock: Clock) -> View:
    """Generate, augment real and generated images by the same policy, and discriminate."""
    count = real.shape[0]
    noise = normal((count, gan.config.generator.noise_size), gan.streams.at("latent", *clock))
    fake = gan.generator(noise, _training(gan, clock, "generator"))
    real, fake = _augmented(gan, real, clock, "real"), _augmented(gan, fake, clock, "fake")
    if gan.config.training.batches == "joint":
        both = tf.concat([real, fake], axis=0)
        logits = gan.discriminator(both, _training(gan, clock, "joint"))
        return View(real, fake, logits[:count], logits[count:])
    # apart, so that batch normalisation sees real and generated images separately (S0)
    return View(
        real,
        fake,
        gan.discriminator(real, _training(gan, clock, "real")),
        gan.discriminator(fake, _training(gan, clock, "fake")),
    )


def _training(gan: Gan, clock: Clock, name: str) -> Pass:
    return Pass(training=True, seed=gan.streams.at("dropout", *clock, name))


def _augmented(gan: Gan, images: tf.Tensor, clock: Clock, name: str) -> tf.Tensor:
    policy = gan.config.augmentation
    if policy.policy == "none":
        return images
    seed = gan.streams.at("augment", *clock, name)
    return augment(images, policy, gan.controller.probability, seed, gan.static)


def discriminator_loss(
    gan: Gan, view: View, clock: Clock
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Half of L_real + L_fake + weighted penalties (S0's half), and each penalty by name."""
    loss = gan.loss.discriminator(
        view.real_logits, view.fake_logits, gan.numbers["loss.label_smoothing"]
    )
    penalties = {term.name: _due(gan, term, view, clock) for term in gan.terms}
    for term in gan.terms:
        loss += term.weight * penalties[term.name]
    return 0.5 * loss, penalties


def _due(gan: Gan, term: Term, view: View, clock: Clock) -> tf.Tensor:
    """The penalty at every n-th discriminator update, n times as strong; 0 between."""

    def penalty() -> tf.Tensor:
        run = _training(gan, clock, term.name)
        seed = gan.streams.at("penalty", *clock, term.name)
        seen = Seen(view.real, view.fake, seed, lambda images: gan.discriminator(images, run))
        return term.every * term.penalty(seen)

    if term.every == 1:
        return penalty()
    iteration, update = clock
    number = iteration * gan.config.training.discriminator_steps + update
    return tf.cond(number % term.every == 0, penalty, lambda: tf.constant(0.0))


def generator_loss(gan: Gan, view: View) -> tf.Tensor:
    """The generator is to be taken for real."""
    return gan.loss.generator(view.real_logits, view.fake_logits)


def update_discriminator(gan: Gan, real: tf.Tensor, clock: Clock) -> dict[str, tf.Tensor]:
    """One update of the discriminator alone: tell real from generated."""
    gan.discriminator.advance()
    with tf.GradientTape() as tape:
        view = look(gan, real, clock)
        loss, penalties = discriminator_loss(gan, view, clock)
    _apply_discriminator(gan, tape.gradient(loss, gan.discriminator.trainable))
    return _after_discriminator(gan, view, loss, penalties)


def update_generator(gan: Gan, real: tf.Tensor, clock: Clock) -> dict[str, tf.Tensor]:
    """One update of the generator alone."""
    gan.generator.advance()
    with tf.GradientTape() as tape:
        loss = generator_loss(gan, look(gan, real, clock))
    _apply_generator(gan, tape.gradient(loss, gan.generator.trainable))
    return {"generator_loss": loss}


def update_both(gan: Gan, real: tf.Tensor, clock: Clock) -> dict[str, tf.Tensor]:
    """Both networks from one forward pass (S0)."""
    gan.discriminator.advance()
    gan.generator.advance()
    with tf.GradientTape(persistent=True) as tape:
        view = look(gan, real, clock)
        loss_d, penalties = discriminator_loss(gan, view, clock)
        loss_g = generator_loss(gan, view)
    gradient_d = tape.gradient(loss_d, gan.discriminator.trainable)
    gradient_g = tape.gradient(loss_g, gan.generator.trainable)
    _apply_discriminator(gan, gradient_d)
    _apply_generator(gan, gradient_g)
    return {**_after_discriminator(gan, view, loss_d, penalties), "generator_loss": loss_g}


def iterate(gan: Gan, real: tf.Tensor, iteration: tf.Tensor) -> dict[str, tf.Tensor]:
    """One iteration on real images (n, N, H, W, C) uint8; the last update's statistics."""
    training = gan.config.training
    batches = tf.cast(real, tf.float32) / 255.0
    last = training.discriminator_steps - 1
    for update in range(last):
        update_discriminator(gan, batches[update], (iteration, update))
    done = 0
    if training.update == "simultaneous":
        statistics, done = update_both(gan, batches[last], (iteration, last)), 1
    else:
        statistics = update_discriminator(gan, batches[last], (iteration, last))
    for number in range(done, training.generator_steps):
        # in the alternating form the first answer is to the very images just discriminated
        clock = (iteration, last + number)
        statistics |= update_generator(gan, batches[last], clock)
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
    gan: Gan, view: View, loss: tf.Tensor, penalties: dict[str, tf.Tensor]
) -> dict[str, tf.Tensor]:
    """Tell the controller how well real images were recognised; what the log wants to know."""
    real_accuracy, fake_accuracy = gan.loss.accuracies(view.real_logits, view.fake_logits)
    gan.controller.update(real_accuracy)
    return {
        "discriminator_loss": loss,
        "real_accuracy": real_accuracy,
        "fake_accuracy": fake_accuracy,
        "augmentation_probability": tf.convert_to_tensor(gan.controller.probability),
        **{f"{name}_penalty": value for name, value in penalties.items()},
    }
