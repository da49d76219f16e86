"""The moderated t: scatter that is estimated from few seeds, with what the other contrasts tell.

Smyth (2004): variances of contrasts are taken to come from one distribution, a scaled inverse χ²
with d0 degrees of freedom about s0². From few seeds each is uncertain, and t of a contrast whose
scatter is small by chance is large; so d0 s0² is added to the sum of its squares. Here the
distribution is estimated from mean squares about zero, which no flip of signs changes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

Array = NDArray[np.floating]

LEAST = 3  # contrasts that tell of a distribution
MOST = 40  # contrasts up to which error rates were simulated (docs/statistics.md)
ENDLESS = 1e6  # degrees of freedom of variances that do not differ: t with so many is normal


class Prior(NamedTuple):
    """Distribution of the variances of contrasts: d0, and the logarithm of s0²."""

    freedom: float
    log_variance: float


NONE = Prior(0.0, 0.0)  # the plain t


def moderates(contrasts: int) -> bool:
    """Whether the test of so many contrasts is that of the moderated t."""
    return LEAST <= contrasts <= MOST


def prior(log_squares: Array, n: Array) -> Prior:
    """By the moments of log mean squares about zero (contrasts,), of n seeds each (Smyth 2004, 6).

    One of zeros (−inf) tells nothing; of fewer than LEAST others there is none.
    """
    known = np.isfinite(log_squares)
    if known.sum() < LEAST:
        return NONE
    half = n[known] / 2
    e = log_squares[known] - digamma(half) + np.log(half)
    excess = float(e.var(ddof=1) - polygamma(1, half).mean())
    freedom = min(2 * trigamma_inverse(excess), ENDLESS) if excess > 0 else ENDLESS
    return Prior(freedom, float(e.mean() + digamma(freedom / 2) - np.log(freedom / 2)))


def trigamma_inverse(value: float) -> float:
    """y with ψ'(y) = value > 0, by Newton's method (Smyth 2004, appendix)."""
    if value < 1e-6:  # ψ'(y) → 1 / y
        return 1 / value
    y, step = 0.5 + 1 / value, 1.0
    while abs(step) > 1e-9 * y:
        reached = float(polygamma(1, y))
        step = reached * (1 - reached / value) / float(polygamma(2, y))
        y += step
    return y
