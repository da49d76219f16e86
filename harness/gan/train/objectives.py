"""What the two networks minimise, from what a step saw."""

from collections.abc import Sequence

import tensorflow as tf

from harness.gan.losses import Game
from harness.gan.models.network import Network
from harness.gan.penalties import Seen
from harness.gan.random import uniform
from harness.gan.train.lazy import at_every
from harness.gan.train.state import Gan, Term
from harness.gan.train.view import Clock, View, training, update_number

Values = dict[str, tf.Tensor]  # penalties by name, before they are weighted


def discriminator_loss(gan: Gan, view: View, clock: Clock) -> tuple[tf.Tensor, Values]:
    """Half of L_real + L_fake + weighted penalties (S0's half), and each penalty by name."""
    loss = discriminator_game(gan, view, clock)
    terms, number = gan.terms.discriminator, update_number(gan, clock)
    values = _penalties(gan, terms, gan.discriminator, view, clock, number)
    return 0.5 * _weighted(loss, terms, values), values


def generator_loss(gan: Gan, view: View, clock: Clock, number: int) -> tuple[tf.Tensor, Values]:
    """The generator is to be taken for real, by weighted penalties; each penalty by name.

    `number` counts the updates of this iteration.
    """
    loss = generator_game(gan, view)
    updates = gan.config.training.generator_steps
    terms = gan.terms.generator
    values = _penalties(gan, terms, gan.generator, view, clock, clock[0] * updates + number)
    return _weighted(loss, terms, values), values


def discriminator_game(gan: Gan, view: View, clock: Clock) -> tf.Tensor:
    """L_real + L_fake: what the discriminator minimises beside penalties."""
    real_wrong, fake_wrong = _wrong_labels(gan, view.real.shape[0], clock)
    game = _game(gan)._replace(real_wrong=real_wrong, fake_wrong=fake_wrong)
    return gan.loss.discriminator(view.real_logits, view.fake_logits, game)


def generator_game(gan: Gan, view: View) -> tf.Tensor:
    """What the generator minimises beside penalties."""
    loss = gan.generator_loss(gan, view)
    if gan.translate is not None:
        loss += gan.numbers["translation.l1_weight"] * view.difference
    return loss


def adversarial(gan: Gan, view: View) -> tf.Tensor:
    """The generator's side of the adversarial loss."""
    return gan.loss.generator(view.real_logits, view.fake_logits, _game(gan))


def feature_matching(gan: Gan, view: View) -> tf.Tensor:
    """||mean f(x) - mean f(G(z))||^2, f the last hidden maps (Salimans et al. 2016)."""
    del gan
    means = (tf.reduce_mean(part, axis=0) for part in (view.real_features, view.fake_features))
    return tf.reduce_sum(tf.math.squared_difference(*means))


def _game(gan: Gan) -> Game:
    sigmoid = gan.config.discriminator.output == "sigmoid"
    return Game(
        fake_weight=gan.equilibrium.weight,
        margin=gan.numbers["loss.margin"],
        epsilon=gan.numbers["discriminator.output_epsilon"] if sigmoid else None,
    )


def _wrong_labels(gan: Gan, count: int, clock: Clock) -> tuple[tf.Tensor, tf.Tensor | float]:
    """Which shares of real and of generated labels are wrong, each a number or (N, 1).

    Smoothing and its noise move the real target alone; a flipped label is one of the other side.
    """
    config, number = gan.config.loss, update_number(gan, clock)
    real = tf.convert_to_tensor(gan.numbers["loss.label_smoothing"])
    fake: tf.Tensor | float = 0.0
    if config.smoothing_noise > 0:
        seed = gan.streams.at("label", *clock, "smoothing")
        noise = at_every(
            config.smoothing_noise_every,
            number,
            lambda: 2 * uniform((count, 1), seed) - 1,
            lambda: tf.zeros((count, 1)),
        )
        real += gan.numbers["loss.smoothing_noise"] * noise
    if config.label_noise > 0:
        flips = gan.streams.at("label", *clock, "flip")
        flipped = at_every(
            config.label_noise_every,
            number,
            lambda: uniform((count, 2), flips) < gan.numbers["loss.label_noise"],
            lambda: tf.zeros((count, 2), tf.bool),
        )
        straight = tf.broadcast_to(real, (count, 1))
        real = tf.where(flipped[:, :1], 1.0, straight)
        fake = tf.where(flipped[:, 1:], 1.0 - straight, 0.0)
    return real, fake


def _penalties(
    gan: Gan, terms: Sequence[Term], network: Network, view: View, clock: Clock, number: tf.Tensor
) -> Values:
    """Each penalty at every n-th update of its network, n times as strong; 0 between."""

    def penalty(term: Term) -> tf.Tensor:
        return term.every * of_term(gan, term, network, view, clock)

    def due(term: Term) -> tf.Tensor:
        return at_every(term.every, number, lambda: penalty(term), lambda: tf.constant(0.0))

    return {term.name: due(term) for term in terms}


def of_term(gan: Gan, term: Term, network: Network, view: View, clock: Clock) -> tf.Tensor:
    """A penalty of a network as it is defined: unweighted, and not `every` times as strong."""
    # wherever a penalty looks, it is at or near real images: under their classes
    run = training(gan, clock, term.name, view.real_labels)
    seen = Seen(
        view.real,
        view.fake,
        view.fake_features,
        gan.streams.at("penalty", *clock, term.name),
        lambda images: gan.discriminator(images, run),
        network,
        gan.means(network),
        view.real_features,
        view.real_labels,
        view.fake_labels,
    )
    return term.penalty(seen)


def _weighted(loss: tf.Tensor, terms: Sequence[Term], values: Values) -> tf.Tensor:
    for term in terms:
        loss += term.weight * values[term.name]
    return loss
