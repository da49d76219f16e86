"""One estimate from several data sets, whose true effects may differ: a random-effects model.

Between-set variance by DerSimonian & Laird (1986); interval and p by Hartung & Knapp (2001), whose
variance is never taken below the uncorrected one (Knapp & Hartung 2003; Röver, Knapp & Friede
2015): of three sets that happen to agree it would be next to nothing. Prediction interval by
Higgins, Thompson & Spiegelhalter (2009).
"""

import math
from typing import NamedTuple

import numpy as np

from harness.analysis.max_t import Array
from harness.analysis.tails import chi_square_above, t_above, t_quantile

FEWEST = 3  # sets; the prediction interval has k - 2 degrees of freedom


class RandomEffects(NamedTuple):
    """The mean of the true effects of k sets, how certain it is, and how they differ.

    In the unit of the effects that were pooled; variances in its square, `i_squared` in [0, 1].
    """

    sets: int
    effect: float
    error: float  # standard error of the mean, with k - 1 degrees of freedom
    tau_squared: float  # variance of the true effects
    q: float  # Cochran's Q, of k - 1 degrees of freedom if all true effects are equal
    p_q: float
    i_squared: float  # share of the spread that is not the sets' standard errors (Higgins 2002)
    weights: tuple[float, ...]  # of the sets in the mean; they sum to 1

    @property
    def p(self) -> float:
        """Two-sided p that the mean of the true effects is zero."""
        return float(2 * t_above(abs(self.effect) / self.error, self.sets - 1))

    def interval(self, level: float) -> tuple[float, float]:
        """Of the mean (level 0.05: 95 %)."""
        half = float(t_quantile(1 - level / 2, self.sets - 1)) * self.error
        return self.effect - half, self.effect + half

    def prediction(self, level: float) -> tuple[float, float]:
        """Where the true effect of a further set is expected: t with k - 2 degrees of freedom."""
        half = float(t_quantile(1 - level / 2, self.sets - 2))
        half *= math.sqrt(self.tau_squared + self.error**2)
        return self.effect - half, self.effect + half


def combine(effects: Array, variances: Array) -> RandomEffects:
    """Pool effects (k,) with the variances (k,) of their estimates, which are above zero; k >= 3.

    Ours, for statsmodels keeps a variance between sets that comes out negative, and weights by it.
    """
    sets = len(effects)
    weights = 1 / variances
    fixed = np.average(effects, weights=weights)
    q = float(weights @ (effects - fixed) ** 2)
    between = (q - (sets - 1)) / float(weights.sum() - (weights**2).sum() / weights.sum())
    tau_squared = max(0.0, between)
    weights = 1 / (variances + tau_squared)
    mean = np.average(effects, weights=weights)
    # Hartung & Knapp's scale of the variance, not below that of the model itself
    scale = max(1.0, float(weights @ (effects - mean) ** 2) / (sets - 1))
    return RandomEffects(
        sets=sets,
        effect=float(mean),
        error=math.sqrt(scale / float(weights.sum())),
        tau_squared=tau_squared,
        q=q,
        p_q=chi_square_above(q, sets - 1),
        i_squared=max(0.0, 1 - (sets - 1) / q) if q > 0 else 0.0,
        weights=tuple(float(weight) for weight in weights / weights.sum()),
    )
