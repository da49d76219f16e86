"""What one forward pass of both networks sees: generate, augment, add noise, discriminate."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from harness.gan.augment.pipeline import augment
from harness.gan.labels.labelled import MaybeLabelled, apart
from harness.gan.models.network import Pass
from harness.gan.numbers import NOISE_FALL
from harness.gan.pixels import span
from harness.gan.random import normal, symmetric
from harness.gan.train.lazy import at_every
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
    real_labels: tf.Tensor | None = None  # (N,) int32, where labels are used
    fake_labels: tf.Tensor | None = None  # (N,) int32, where the generator is given classes


class Shown(NamedTuple):
    """What the discriminator is to judge; of a translation, each image with its source."""

    real: tf.Tensor  # (N, H, W, C)
    fake: tf.Tensor  # (N, H, W, C)
    difference: tf.Tensor | float = 0.0
    real_labels: tf.Tensor | None = None
    fake_labels: tf.Tensor | None = None


def look(gan: Gan, real: MaybeLabelled, clock: Clock) -> View:
    """Generate, treat real and generated images alike, and discriminate."""
    return _seen(gan, _shown(gan, real, clock), clock)


def look_back(gan: Gan, real: MaybeLabelled, clock: Clock) -> View:
    """What the discriminator learns from: as `look`, past generated images among the new ones."""
    return _seen(gan, _with_past(gan, _shown(gan, real, clock), clock), clock)


def look_twice(gan: Gan, real: MaybeLabelled, clock: Clock) -> tuple[View, View]:
    """What the discriminator and what the generator learns from, of the same new images."""
    shown = _shown(gan, real, clock)
    view = _seen(gan, shown, clock)
    if gan.replay is None:
        return view, view
    return _seen(gan, _with_past(gan, shown, clock), clock), view


def latents(gan: Gan, count: int, clock: Clock) -> tf.Tensor:
    """Latents of an update, or of one part of it: (count, noise size)."""
    draw = normal if gan.config.generator.latent == "normal" else symmetric
    return _drawn(gan, "latent", draw, (count, gan.config.generator.noise_size), clock)


def classes(gan: Gan, count: int, clock: Clock) -> tf.Tensor | None:
    """Which class each image of an update is to be of: (count,); None where it is given none."""
    if gan.condition is None:
        return None
    return _drawn(gan, "class", gan.condition.draw, (count,), clock)


def _drawn(
    gan: Gan,
    stream: str,
    draw: Callable[[tuple[int, ...], tf.Tensor], tf.Tensor],
    shape: tuple[int, ...],
    clock: Clock,
) -> tf.Tensor:
    iteration, update, *part = clock
    seed = gan.streams.at(stream, iteration, update)
    if not part:
        return draw(shape, seed)
    # those of the whole batch, so that its parts see what it would
    return draw((gan.config.training.accumulation, *shape), seed)[part[0]]


def _shown(gan: Gan, given: MaybeLabelled, clock: Clock) -> Shown:
    real, real_labels = apart(given)
    if gan.translate is None:
        count = real.shape[0]
        fake_labels = classes(gan, count, clock)
        run = training(gan, clock, "generator", fake_labels)
        fake = gan.generator(latents(gan, count, clock), run)
        return Shown(real, fake, 0.0, real_labels, fake_labels)
    source = gan.translate(real)
    fake = gan.generator(source, training(gan, clock, "generator"))
    difference = tf.reduce_mean(tf.abs(real - fake))
    return Shown(tf.concat([real, source], axis=3), tf.concat([fake, source], axis=3), difference)


def _with_past(gan: Gan, shown: Shown, clock: Clock) -> Shown:
    if gan.replay is None:
        return shown
    pool, seed = gan.replay, gan.streams.at("replay", *clock)
    fake = at_every(
        gan.config.training.replay_every,
        update_number(gan, clock),
        lambda: pool.exchange(shown.fake, seed),
        lambda: shown.fake,
    )
    return shown._replace(fake=fake)


def _seen(gan: Gan, shown: Shown, clock: Clock) -> View:
    count, labels = shown.real.shape[0], (shown.real_labels, shown.fake_labels)
    real = _treated(gan, shown.real, clock, "real")
    fake = _treated(gan, shown.fake, clock, "fake")
    if gan.config.training.batches == "joint":
        both = tf.concat([real, fake], axis=0)
        # InfoGAN's real images have no codes, and its discriminator reads none
        of_both = None if labels[0] is None else tf.concat(labels, axis=0)
        run = training(gan, clock, "joint", of_both)
        logits, features = gan.discriminator.with_features(both, run)
        judged = logits[:count], logits[count:], features[:count], features[count:]
    else:
        # apart, so that batch normalisation sees real and generated images separately (S0)
        runs = [training(gan, clock, *of) for of in zip(("real", "fake"), labels, strict=True)]
        real_logits, real_features = gan.discriminator.with_features(real, runs[0])
        fake_logits, fake_features = gan.discriminator.with_features(fake, runs[1])
        judged = real_logits, fake_logits, real_features, fake_features
    return View(real, fake, *judged, shown.difference, *labels)


def training(gan: Gan, clock: Clock, name: str, labels: tf.Tensor | None = None) -> Pass:
    """A training pass with noise of its own, by name, on images of classes `labels`."""
    return Pass(training=True, seed=gan.streams.at("dropout", *clock, name), labels=labels)


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


def update_number(gan: Gan, clock: Clock) -> tf.Tensor:
    """Which update of the discriminator a pass is for, from the first of the training on."""
    return clock[0] * gan.config.training.discriminator_steps + clock[1]


def _instance_noise(gan: Gan, shape: tuple[int, ...], clock: Clock, name: str) -> tf.Tensor:
    """Gaussian noise whose deviation falls linearly (Sønderby et al. 2017)."""
    left = 1.0 - gan.numbers[NOISE_FALL] * tf.cast(clock[0], tf.float32)
    deviation = gan.numbers["discriminator.instance_noise"] * tf.nn.relu(left)
    deviation *= span(gan.config.training.pixel_range)
    seed, training = gan.streams.at("noise", *clock, name), gan.config.training
    # counted by what both networks are shown, since the generator learns from noisy images, too
    passes = training.discriminator_steps + training.generator_steps - 1
    return at_every(
        gan.config.discriminator.instance_noise_every,
        clock[0] * passes + clock[1],
        lambda: deviation * normal(shape, seed),
        lambda: tf.zeros(shape),
    )
