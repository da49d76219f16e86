"""What one forward pass of both networks sees: generate, augment, add noise, discriminate."""

from typing import NamedTuple

import tensorflow as tf

from harness.gan.augment.pipeline import augment
from harness.gan.models.network import Pass
from harness.gan.numbers import NOISE_FALL
from harness.gan.pixels import span
from harness.gan.random import normal, symmetric
from harness.gan.train.state import Gan

# iteration, update within it, part of an accumulated batch: the counters of every random draw
Clock = tuple[tf.Tensor, int] | tuple[tf.Tensor, int, tf.Tensor]


class View(NamedTuple):
    """What one forward pass of both networks saw."""

    real: tf.Tensor  # (N, H, W, C), as the discriminator saw them
    fake: tf.Tensor  # (N, H, W, C), as the discriminator saw them
    real_logits: tf.Tensor  # (N, 1)
    fake_logits: tf.Tensor  # (N, 1)
    real_features: tf.Tensor  # (N, F), the last hidden maps
    fake_features: tf.Tensor  # (N, F)
    difference: tf.Tensor | float = 0.0  # of a translation: mean |real - fake|, as generated


def look(gan: Gan, real: tf.Tensor, clock: Clock) -> View:
    """Generate, treat real and generated images alike, and discriminate."""
    real, fake, difference = _shown(gan, real, clock)
    return _seen(gan, real, fake, clock)._replace(difference=difference)


def look_back(gan: Gan, real: tf.Tensor, clock: Clock) -> View:
    """What the discriminator learns from: as `look`, past generated images among the new ones."""
    real, fake, _ = _shown(gan, real, clock)
    return _seen(gan, real, _with_past(gan, fake, clock), clock)


def look_twice(gan: Gan, real: tf.Tensor, clock: Clock) -> tuple[View, View]:
    """What the discriminator and what the generator learns from, of the same new images."""
    real, fake, difference = _shown(gan, real, clock)
    view = _seen(gan, real, fake, clock)._replace(difference=difference)
    if gan.replay is None:
        return view, view
    return _seen(gan, real, _with_past(gan, fake, clock), clock), view


def latents(gan: Gan, count: int, clock: Clock) -> tf.Tensor:
    """Latents of an update, or of one part of it: (count, noise size)."""
    size = gan.config.generator.noise_size
    iteration, update, *part = clock
    seed = gan.streams.at("latent", iteration, update)
    draw = normal if gan.config.generator.latent == "normal" else symmetric
    if not part:
        return draw((count, size), seed)
    # those of the whole batch, so that its parts see what it would
    return draw((gan.config.training.accumulation, count, size), seed)[part[0]]


def _shown(
    gan: Gan, real: tf.Tensor, clock: Clock
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor | float]:
    """Real and generated images, each with its source in a translation, and their difference."""
    run = training(gan, clock, "generator")
    if gan.translate is None:
        return real, gan.generator(latents(gan, real.shape[0], clock), run), 0.0
    source = gan.translate(real)
    fake = gan.generator(source, run)
    difference = tf.reduce_mean(tf.abs(real - fake))
    return tf.concat([real, source], axis=3), tf.concat([fake, source], axis=3), difference


def _with_past(gan: Gan, fake: tf.Tensor, clock: Clock) -> tf.Tensor:
    return gan.replay.exchange(fake, gan.streams.at("replay", *clock)) if gan.replay else fake


def _seen(gan: Gan, real: tf.Tensor, fake: tf.Tensor, clock: Clock) -> View:
    count = real.shape[0]
    real, fake = _treated(gan, real, clock, "real"), _treated(gan, fake, clock, "fake")
    if gan.config.training.batches == "joint":
        both = tf.concat([real, fake], axis=0)
        run = training(gan, clock, "joint")
        logits, features = gan.discriminator.with_features(both, run)
        return View(real, fake, logits[:count], logits[count:], features[:count], features[count:])
    # apart, so that batch normalisation sees real and generated images separately (S0)
    real_logits, real_features = gan.discriminator.with_features(real, training(gan, clock, "real"))
    fake_logits, fake_features = gan.discriminator.with_features(fake, training(gan, clock, "fake"))
    return View(real, fake, real_logits, fake_logits, real_features, fake_features)


def training(gan: Gan, clock: Clock, name: str) -> Pass:
    """A training pass with noise of its own, by name."""
    return Pass(training=True, seed=gan.streams.at("dropout", *clock, name))


def _treated(gan: Gan, images: tf.Tensor, clock: Clock, name: str) -> tf.Tensor:
    """Augmented, then noisy: what the discriminator is shown of `images`."""
    policy = gan.config.augmentation
    if policy.policy != "none":
        seed = gan.streams.at("augment", *clock, name)
        pixels = span(gan.config.training.pixel_range)
        images = augment(images, policy, gan.controller.probability, seed, gan.static, pixels)
    if gan.config.discriminator.instance_noise > 0:
        images += _instance_noise(gan, images.shape, clock, name)
    return images


def _instance_noise(gan: Gan, shape: tuple[int, ...], clock: Clock, name: str) -> tf.Tensor:
    """Gaussian noise whose deviation falls linearly (Sønderby et al. 2017)."""
    left = 1.0 - gan.numbers[NOISE_FALL] * tf.cast(clock[0], tf.float32)
    deviation = gan.numbers["discriminator.instance_noise"] * tf.nn.relu(left)
    deviation *= span(gan.config.training.pixel_range)
    return deviation * normal(shape, gan.streams.at("noise", *clock, name))
