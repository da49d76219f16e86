"""Every adversarial loss: two pure functions of logits and the rule that calls a logit right.

Formulas: definitions, section 4. The discriminator's loss is L_real + L_fake; the step takes the
half of it, penalties included, as S0 does. r are logits of real images, f of generated ones; all
are (N, 1), and means are over the batch. Labels may be partly wrong: by a share of real and one of
generated labels, each a number or (N, 1).
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import tensorflow as tf

_mean = tf.reduce_mean
_softplus = tf.math.softplus
_relu = tf.nn.relu

Logits: TypeAlias = tf.Tensor  # (N, 1) float32
Share: TypeAlias = tf.Tensor | float


class Loss(NamedTuple):
    """An adversarial game."""

    # r, f, wrong shares of their labels → L_real + L_fake
    discriminator: Callable[[Logits, Logits, Share, Share], tf.Tensor]
    generator: Callable[[Logits, Logits], tf.Tensor]  # r, f → L_G
    # r, f → what r is compared with, and what f is compared with, to be called right
    thresholds: Callable[[Logits, Logits], tuple[tf.Tensor | float, tf.Tensor | float]]
    reaches_zero: bool  # a discriminator's loss of zero means that it has won

    def accuracies(self, real: Logits, fake: Logits) -> tuple[tf.Tensor, tf.Tensor]:
        """Shares of real and generated images that are called right; a tie counts half (S0)."""
        above, below = self.thresholds(real, fake)
        return (
            _mean(0.5 * (1.0 + tf.sign(real - above))),
            _mean(0.5 * (1.0 - tf.sign(fake - below))),
        )


def _at(value: float) -> Callable[[Logits, Logits], tuple[float, float]]:
    return lambda real, fake: (value, value)


def _relative(real: Logits, fake: Logits) -> tuple[tf.Tensor, tf.Tensor]:
    return _mean(fake), _mean(real)


def _cross_entropy(real: Logits, fake: Logits, real_wrong: Share, fake_wrong: Share) -> tf.Tensor:
    return _mean(_entropy(real, real_wrong)) + _mean(_entropy(-fake, fake_wrong))


def _entropy(logits: Logits, wrong: Share) -> tf.Tensor:
    """Cross-entropy of the label 1 of which a share is wrong."""
    if isinstance(wrong, float) and wrong == 0:
        return _softplus(-logits)  # S0's
    return (1 - wrong) * _softplus(-logits) + wrong * _softplus(logits)


def _squares(real: Logits, fake: Logits, real_wrong: Share, fake_wrong: Share) -> tf.Tensor:
    return _mean(tf.square(real - 1 + real_wrong)) + _mean(tf.square(fake - fake_wrong))


NON_SATURATING = Loss(  # Goodfellow et al. 2014, S0's
    discriminator=_cross_entropy,
    generator=lambda real, fake: _mean(_softplus(-fake)),
    thresholds=_at(0.0),
    reaches_zero=True,
)

MINIMAX = Loss(  # Goodfellow et al. 2014, equation 1
    discriminator=_cross_entropy,
    generator=lambda real, fake: -_mean(_softplus(fake)),
    thresholds=_at(0.0),
    reaches_zero=True,
)

LEAST_SQUARES = Loss(  # Mao et al. 2017, targets 1 and 0
    discriminator=_squares,
    generator=lambda real, fake: _mean(tf.square(fake - 1)),
    thresholds=_at(0.5),
    reaches_zero=True,
)

HINGE = Loss(  # Lim & Ye 2017
    discriminator=lambda real, fake, *_: _mean(_relu(1 - real)) + _mean(_relu(1 + fake)),
    generator=lambda real, fake: -_mean(fake),
    thresholds=_at(0.0),
    reaches_zero=True,
)

WASSERSTEIN = Loss(  # Arjovsky et al. 2017
    discriminator=lambda real, fake, *_: _mean(fake) - _mean(real),
    generator=lambda real, fake: -_mean(fake),
    thresholds=_relative,
    reaches_zero=False,
)

RELATIVISTIC = Loss(  # Jolicoeur-Martineau 2018; both terms of L_D are the same one
    discriminator=lambda real, fake, *_: 2 * _mean(_softplus(fake - real)),
    generator=lambda real, fake: _mean(_softplus(real - fake)),
    thresholds=_relative,
    reaches_zero=True,
)

RELATIVISTIC_AVERAGE = Loss(  # Jolicoeur-Martineau 2018
    discriminator=lambda real, fake, *_: (
        _mean(_softplus(_mean(fake) - real)) + _mean(_softplus(fake - _mean(real)))
    ),
    generator=lambda real, fake: (
        0.5 * (_mean(_softplus(_mean(real) - fake)) + _mean(_softplus(real - _mean(fake))))
    ),
    thresholds=_relative,
    reaches_zero=True,
)
