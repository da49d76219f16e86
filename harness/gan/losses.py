"""Every adversarial loss: two pure functions of logits and the rule that calls a logit right.

Formulas: definitions, section 4. The discriminator's loss is L_real + L_fake; the step takes the
half of it, penalties included, as S0 does. r are logits of real images, f of generated ones; all
are (N, 1), and means are over the batch. A discriminator that is an autoencoder gives its energies
(reconstruction errors) as negative logits, so that high is real there, too.
"""

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import tensorflow as tf

_mean = tf.reduce_mean
_softplus = tf.math.softplus
_relu = tf.nn.relu
_TINY = 1e-12  # keeps the gradient of a distance finite at zero

Logits: TypeAlias = tf.Tensor  # (N, 1) float32
Share: TypeAlias = tf.Tensor | float
Threshold: TypeAlias = tf.Tensor | float


class Game(NamedTuple):
    """State that a discriminator's loss depends on, in addition to its logits."""

    real_wrong: Share = 0.0  # share of the label of real images that is wrong, a number or (N, 1)
    fake_wrong: Share = 0.0  # the same of generated images
    fake_weight: Share = 0.0  # BEGAN's k_t
    margin: Share = 0.0  # EBGAN's m
    # added to probabilities inside the logarithm (S3); None: cross-entropy of logits, which needs
    # no such guard
    epsilon: Share | None = None


Side: TypeAlias = Callable[[Logits, Game], tf.Tensor]  # what a label costs, (N, 1)


class Loss(NamedTuple):
    """An adversarial game."""

    discriminator: Callable[[Logits, Logits, Game], tf.Tensor]  # r, f → L_real + L_fake
    generator: Callable[[Logits, Logits, Game], tf.Tensor]  # r, f → L_G
    # r, f → what r is compared with, and what f is compared with, to be called right; None: this
    # game has no such decision
    thresholds: Callable[[Logits, Logits], tuple[Threshold, Threshold]] | None
    reaches_zero: bool  # a discriminator's loss of zero means that it has won
    # images, reconstructions → energies (N, 1); for games whose discriminator is an autoencoder
    energy: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None = None

    def accuracies(self, real: Logits, fake: Logits) -> tuple[tf.Tensor, tf.Tensor]:
        """Shares of real and generated images that are called right; a tie counts half (S0).

        NaN where the game has no such decision.
        """
        if self.thresholds is None:
            return tf.constant(math.nan), tf.constant(math.nan)
        above, below = self.thresholds(real, fake)
        return (
            _mean(0.5 * (1.0 + tf.sign(real - above))),
            _mean(0.5 * (1.0 - tf.sign(fake - below))),
        )


def _at(value: float) -> Callable[[Logits, Logits], tuple[float, float]]:
    return lambda real, fake: (value, value)


def _relative(real: Logits, fake: Logits) -> tuple[tf.Tensor, tf.Tensor]:
    return _mean(fake), _mean(real)


def _cross_entropy(real: Logits, fake: Logits, game: Game) -> tf.Tensor:
    real_term = _entropy(real, game.real_wrong, game, (_if_real, _if_fake))
    return _mean(real_term) + _mean(_entropy(fake, game.fake_wrong, game, (_if_fake, _if_real)))


def _entropy(logits: Logits, wrong: Share, game: Game, sides: tuple[Side, Side]) -> tf.Tensor:
    """Cross-entropy of a label, sides[0], of which a share is wrong."""
    label, other = sides
    if isinstance(wrong, float) and wrong == 0:
        return label(logits, game)  # S0's
    return (1 - wrong) * label(logits, game) + wrong * other(logits, game)


def _if_real(logits: Logits, game: Game) -> tf.Tensor:
    """-log D, D the probability that a logit stands for."""
    if game.epsilon is None:
        return _softplus(-logits)
    return -tf.math.log(tf.sigmoid(logits) + game.epsilon)


def _if_fake(logits: Logits, game: Game) -> tf.Tensor:
    """-log(1 - D), from D itself: where it rounds to 1, the guard alone keeps this finite (S3)."""
    if game.epsilon is None:
        return _softplus(logits)
    return -tf.math.log(1.0 - tf.sigmoid(logits) + game.epsilon)


def _squares(real: Logits, fake: Logits, game: Game) -> tf.Tensor:
    target = real - 1 + game.real_wrong
    return _mean(tf.square(target)) + _mean(tf.square(fake - game.fake_wrong))


def _mean_error(images: tf.Tensor, reconstructions: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.abs(images - reconstructions), axis=(1, 2, 3))[:, tf.newaxis]


def _distance(images: tf.Tensor, reconstructions: tf.Tensor) -> tf.Tensor:
    squares = tf.reduce_sum(tf.math.squared_difference(images, reconstructions), axis=(1, 2, 3))
    return tf.sqrt(squares + _TINY)[:, tf.newaxis]


NON_SATURATING = Loss(  # Goodfellow et al. 2014, S0's
    discriminator=_cross_entropy,
    generator=lambda real, fake, game: _mean(_if_real(fake, game)),
    thresholds=_at(0.0),
    reaches_zero=True,
)

MINIMAX = Loss(  # Goodfellow et al. 2014, equation 1
    discriminator=_cross_entropy,
    generator=lambda real, fake, game: -_mean(_if_fake(fake, game)),
    thresholds=_at(0.0),
    reaches_zero=True,
)

LEAST_SQUARES = Loss(  # Mao et al. 2017, targets 1 and 0
    discriminator=_squares,
    generator=lambda real, fake, game: _mean(tf.square(fake - 1)),
    thresholds=_at(0.5),
    reaches_zero=True,
)

HINGE = Loss(  # Lim & Ye 2017
    discriminator=lambda real, fake, game: _mean(_relu(1 - real)) + _mean(_relu(1 + fake)),
    generator=lambda real, fake, game: -_mean(fake),
    thresholds=_at(0.0),
    reaches_zero=True,
)

WASSERSTEIN = Loss(  # Arjovsky et al. 2017
    discriminator=lambda real, fake, game: _mean(fake) - _mean(real),
    generator=lambda real, fake, game: -_mean(fake),
    thresholds=_relative,
    reaches_zero=False,
)

RELATIVISTIC = Loss(  # Jolicoeur-Martineau 2018; both terms of L_D are the same one
    discriminator=lambda real, fake, game: 2 * _mean(_softplus(fake - real)),
    generator=lambda real, fake, game: _mean(_softplus(real - fake)),
    thresholds=_relative,
    reaches_zero=True,
)

RELATIVISTIC_AVERAGE = Loss(  # Jolicoeur-Martineau 2018
    discriminator=lambda real, fake, game: (
        _mean(_softplus(_mean(fake) - real)) + _mean(_softplus(fake - _mean(real)))
    ),
    generator=lambda real, fake, game: (
        0.5 * (_mean(_softplus(_mean(real) - fake)) + _mean(_softplus(real - _mean(fake))))
    ),
    thresholds=_relative,
    reaches_zero=True,
)

BEGAN = Loss(  # Berthelot et al. 2017; L1 energies, a mean over the values of an image
    discriminator=lambda real, fake, game: game.fake_weight * _mean(fake) - _mean(real),
    generator=lambda real, fake, game: -_mean(fake),
    thresholds=None,
    reaches_zero=False,
    energy=_mean_error,
)

EBGAN = Loss(  # Zhao et al. 2017; L2 energies
    discriminator=lambda real, fake, game: _mean(_relu(game.margin + fake)) - _mean(real),
    generator=lambda real, fake, game: -_mean(fake),
    thresholds=None,
    reaches_zero=False,
    energy=_distance,
)
