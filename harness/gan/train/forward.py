"""The forward pass: generate images, augment real and generated ones, discriminate."""

from collections.abc import Callable

import tensorflow as tf

from harness.gan.augment.pipeline import augment
from harness.gan.forward_pass import ForwardPass
from harness.gan.labels.labelled import MaybeLabelled, apart
from harness.gan.models.network import Pass
from harness.gan.numbers import NOISE_FALL
from harness.gan.pixels import span
from harness.gan.random import Counters, normal, symmetric
from harness.gan.train.schedule import at_every, updates_before
from harness.gan.train.state import Gan


def forward_pass(gan: Gan, batch: MaybeLabelled, counters: Counters) -> ForwardPass:
    """Generate images, and discriminate between them and the real ones of a batch."""
    return discriminate(gan, generate(gan, batch, counters), counters)


def generate(gan: Gan, batch: MaybeLabelled, counters: Counters) -> ForwardPass:
    """As many generated images as the batch has real ones, with the classes that they are of."""
    if gan.translate:
        return _translated(gan.translate, gan, batch, counters)
    real, real_labels = apart(batch)
    count = real.shape[0]
    fake_labels = classes(gan, count, counters)
    run = training_pass(gan, counters, "generator", fake_labels)
    fake = gan.generator(latents(gan, count, counters), run)
    return ForwardPass(real, fake, real_labels, fake_labels)


def replay(gan: Gan, images: ForwardPass, counters: Counters) -> ForwardPass:
    """Exchange some generated images for earlier ones from the replay buffer, if there is one."""
    if gan.replay is None:
        return images
    buffer, seed = gan.replay, gan.streams.at("replay", counters)
    fake = at_every(
        gan.config.training.replay_every,
        updates_before(gan, "discriminator", counters),
        lambda: buffer.exchange(images.fake, seed),
        lambda: images.fake,
    )
    return images._replace(fake=fake)


def discriminate(gan: Gan, images: ForwardPass, counters: Counters) -> ForwardPass:
    """Augment real and generated images by the same policy, and run the discriminator on them."""
    real = _augmented(gan, images.real, counters, "real")
    fake = _augmented(gan, images.fake, counters, "fake")
    augmented = images._replace(real=real, fake=fake)
    if gan.config.training.batches == "joint":
        return _discriminated_jointly(gan, augmented, counters)
    # apart, so that batch normalisation sees real and generated images separately (S0)
    runs = [
        training_pass(gan, counters, name, labels)
        for name, labels in (("real", images.real_labels), ("fake", images.fake_labels))
    ]
    real_logits, real_features = gan.discriminator.with_features(real, runs[0])
    fake_logits, fake_features = gan.discriminator.with_features(fake, runs[1])
    return augmented._replace(
        real_logits=real_logits,
        fake_logits=fake_logits,
        real_features=real_features,
        fake_features=fake_features,
    )


def latents(gan: Gan, count: int, counters: Counters) -> tf.Tensor:
    """Latents of an update, or of one of its micro-batches: (count, noise size)."""
    draw = normal if gan.config.generator.latent == "normal" else symmetric
    shape = (count, gan.config.generator.noise_size)
    return _drawn(gan, "latent", counters, lambda axes, seed: draw((*axes, *shape), seed))


def classes(gan: Gan, count: int, counters: Counters) -> tf.Tensor | None:
    """The class that each image of an update is generated for: (count,); None without classes."""
    if gan.condition is None:
        return None
    draw = gan.condition.draw
    return _drawn(gan, "class", counters, lambda axes, seed: draw((*axes, count), seed))


def training_pass(gan: Gan, counters: Counters, name: str, labels: tf.Tensor | None = None) -> Pass:
    """A pass in training, whose noise is drawn by `name`, on images of classes `labels`."""
    return Pass(training=True, seed=gan.streams.at("dropout", counters, name), labels=labels)


def _translated(
    translate: Callable[[tf.Tensor], tf.Tensor], gan: Gan, real: tf.Tensor, counters: Counters
) -> ForwardPass:
    """Images made of the sources of real ones, each with its source as a further channel."""
    source = translate(real)
    fake = gan.generator(source, training_pass(gan, counters, "generator"))
    return ForwardPass(
        real=tf.concat([real, source], axis=3),
        fake=tf.concat([fake, source], axis=3),
        difference=tf.reduce_mean(tf.abs(real - fake)),
    )


def _discriminated_jointly(gan: Gan, images: ForwardPass, counters: Counters) -> ForwardPass:
    """Real and generated images as one batch, which batch normalisation sees as a whole."""
    count = images.real.shape[0]
    # InfoGAN's real images have no codes, and its discriminator reads none
    labels = None
    if images.real_labels is not None:
        labels = tf.concat([images.real_labels, images.fake_labels], axis=0)
    logits, features = gan.discriminator.with_features(
        tf.concat([images.real, images.fake], axis=0), training_pass(gan, counters, "joint", labels)
    )
    return images._replace(
        real_logits=logits[:count],
        fake_logits=logits[count:],
        real_features=features[:count],
        fake_features=features[count:],
    )


def _drawn(
    gan: Gan,
    stream: str,
    counters: Counters,
    draw: Callable[[tuple[int, ...], tf.Tensor], tf.Tensor],
) -> tf.Tensor:
    """The result of `draw`, a function of leading axes and a seed.

    It is drawn for a whole batch, so that micro-batches get what the whole would, each its share.
    """
    seed = gan.streams.at(stream, counters._replace(micro_batch=None))
    if counters.micro_batch is None:
        return draw((), seed)
    return draw((gan.config.training.accumulation,), seed)[counters.micro_batch]


def _augmented(gan: Gan, images: tf.Tensor, counters: Counters, name: str) -> tf.Tensor:
    """Images as the discriminator sees them: augmented, then noisy."""
    config = gan.config.augmentation
    if config.policy != "none":
        images = augment(
            images,
            config,
            gan.controller.probability,
            gan.streams.at("augment", counters, name),
            static=gan.static,
            span=span(gan.config.training.pixel_range),
        )
    if gan.config.discriminator.instance_noise > 0:
        images += _instance_noise(gan, images.shape, counters, name)
    return images


def _instance_noise(gan: Gan, shape: tuple[int, ...], counters: Counters, name: str) -> tf.Tensor:
    """Gaussian noise whose deviation falls linearly (Sønderby et al. 2017)."""
    left = 1.0 - gan.numbers[NOISE_FALL] * tf.cast(counters.iteration, tf.float32)
    deviation = gan.numbers["discriminator.instance_noise"] * tf.nn.relu(left)
    deviation *= span(gan.config.training.pixel_range)
    seed, training = gan.streams.at("noise", counters, name), gan.config.training
    # counted by the forward passes of both networks: the generator learns from noisy images, too
    passes = training.discriminator_steps + training.generator_steps - 1
    return at_every(
        gan.config.discriminator.instance_noise_every,
        counters.iteration * passes + counters.update,
        lambda: deviation * normal(shape, seed),
        lambda: tf.zeros(shape),
    )
