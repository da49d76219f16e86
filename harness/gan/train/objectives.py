"""The losses of the two networks, computed from a forward pass."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from harness.gan.forward_pass import ForwardPass
from harness.gan.losses import Game, Share
from harness.gan.random import Counters, uniform
from harness.gan.train.forward import training_pass
from harness.gan.train.schedule import at_every, updates_before
from harness.gan.train.state import Gan, Statistics, Term


class Loss(NamedTuple):
    """The loss of one network."""

    total: tf.Tensor
    penalties: Statistics  # by name, before they are weighted


Losses = dict[str, Loss]  # by network


class Discrimination(NamedTuple):
    """The discriminator's logits and accuracies on real and generated images of a forward pass."""

    real_accuracy: tf.Tensor
    fake_accuracy: tf.Tensor
    real_logits: tf.Tensor  # (N, 1)
    fake_logits: tf.Tensor  # (N, 1)


def discrimination(gan: Gan, forward: ForwardPass) -> Discrimination:
    """Accuracies and logits of a forward pass."""
    logits = forward.real_logits, forward.fake_logits
    return Discrimination(*gan.loss.accuracies(*logits), *logits)


def discriminator_loss(gan: Gan, forward: ForwardPass, counters: Counters) -> Loss:
    """Half of L_real + L_fake + weighted penalties (S0's half)."""
    loss = bare_discriminator_loss(gan, forward, counters)
    penalties = _penalties(gan, "discriminator", forward, counters)
    return Loss(0.5 * _penalised(loss, gan.terms["discriminator"], penalties), penalties)


def generator_loss(gan: Gan, forward: ForwardPass, counters: Counters) -> Loss:
    """L_G + weighted penalties."""
    loss = bare_generator_loss(gan, forward)
    penalties = _penalties(gan, "generator", forward, counters)
    return Loss(_penalised(loss, gan.terms["generator"], penalties), penalties)


def bare_discriminator_loss(gan: Gan, forward: ForwardPass, counters: Counters) -> tf.Tensor:
    """L_real + L_fake, without penalties."""
    real_wrong, fake_wrong = _wrong_labels(gan, forward.real.shape[0], counters)
    game = _game(gan)._replace(real_wrong=real_wrong, fake_wrong=fake_wrong)
    return gan.loss.discriminator(forward.real_logits, forward.fake_logits, game)


def bare_generator_loss(gan: Gan, forward: ForwardPass) -> tf.Tensor:
    """L_G without penalties; of a translation, with the distance from the real image."""
    loss = gan.generator_loss(gan, forward)
    if gan.translate is not None:
        loss += gan.numbers["translation.l1_weight"] * forward.difference
    return loss


def adversarial(gan: Gan, forward: ForwardPass) -> tf.Tensor:
    """The generator's side of the adversarial loss."""
    return gan.loss.generator(forward.real_logits, forward.fake_logits, _game(gan))


def feature_matching(gan: Gan, forward: ForwardPass) -> tf.Tensor:
    """||mean f(x) - mean f(G(z))||^2, f the last hidden layer (Salimans et al. 2016)."""
    del gan
    features = forward.real_features, forward.fake_features
    means = (tf.reduce_mean(part, axis=0) for part in features)
    return tf.reduce_sum(tf.math.squared_difference(*means))


def penalty(gan: Gan, term: Term, forward: ForwardPass, counters: Counters) -> tf.Tensor:
    """A penalty as it is defined: unweighted, and not `every` times as strong."""
    # the gradient is taken at or near real images, so under their classes
    run = training_pass(gan, counters, term.name, forward.real_labels)
    return term.function(
        forward._replace(
            network=gan.networks[term.network],
            history=gan.means(term.network),
            seed=gan.streams.at("penalty", counters, term.name),
            logits=lambda images: gan.discriminator(images, run),
        )
    )


def _penalties(gan: Gan, network: str, forward: ForwardPass, counters: Counters) -> Statistics:
    """Each penalty at every n-th update of its network, n times as strong; 0 between."""
    number = updates_before(gan, network, counters)

    def due(term: Term) -> tf.Tensor:
        return at_every(
            term.every,
            number,
            lambda: term.every * penalty(gan, term, forward, counters),
            lambda: tf.constant(0.0),
        )

    return {term.name: due(term) for term in gan.terms[network]}


def _penalised(loss: tf.Tensor, terms: Sequence[Term], penalties: Statistics) -> tf.Tensor:
    for term in terms:
        loss += term.weight * penalties[term.name]
    return loss


def _game(gan: Gan) -> Game:
    sigmoid = gan.config.discriminator.output == "sigmoid"
    return Game(
        fake_weight=gan.equilibrium.weight,
        margin=gan.numbers["loss.margin"],
        epsilon=gan.numbers["discriminator.output_epsilon"] if sigmoid else None,
    )


def _wrong_labels(gan: Gan, count: int, counters: Counters) -> tuple[Share, Share]:
    """The shares of real and of generated labels that are wrong, each a number or (N, 1).

    Smoothing and its noise move the real target alone; a flipped label is one of the other side.
    """
    config = gan.config.loss
    real: Share = tf.convert_to_tensor(gan.numbers["loss.label_smoothing"])
    if config.smoothing_noise > 0:
        real += _smoothing_noise(gan, count, counters)
    return _flipped(gan, real, count, counters) if config.label_noise > 0 else (real, 0.0)


def _smoothing_noise(gan: Gan, count: int, counters: Counters) -> tf.Tensor:
    """Noise of one-sided label smoothing: uniform around 0, (N, 1)."""
    seed = gan.streams.at("label", counters, "smoothing")
    noise = at_every(
        gan.config.loss.smoothing_noise_every,
        updates_before(gan, "discriminator", counters),
        lambda: 2 * uniform((count, 1), seed) - 1,
        lambda: tf.zeros((count, 1)),
    )
    return gan.numbers["loss.smoothing_noise"] * noise


def _flipped(gan: Gan, real: Share, count: int, counters: Counters) -> tuple[Share, Share]:
    """Wrong shares after some labels are flipped at random, where `real` are those before."""
    seed = gan.streams.at("label", counters, "flip")
    flips = at_every(
        gan.config.loss.label_noise_every,
        updates_before(gan, "discriminator", counters),
        lambda: uniform((count, 2), seed) < gan.numbers["loss.label_noise"],
        lambda: tf.zeros((count, 2), tf.bool),
    )
    smoothed = tf.broadcast_to(real, (count, 1))
    return (
        tf.where(flips[:, :1], 1.0, smoothed),
        tf.where(flips[:, 1:], 1.0 - smoothed, 0.0),
    )
