"""Sample size: the seeds that decide a contrast, and the effect that a number of seeds detects.

Differences are taken to be normal and independent. One contrast has an effect and the others have
none, which is the first step of any step-down correction, so the power does not depend on what the
others turn out to be. Sizes are in standard deviations of a paired difference.

Where sign flips have next to no p to choose from, as six seeds at 0.05 have a single one, the test
loses up to half of the power of a paired t. There it is simulated, by a fixed stream of draws;
elsewhere the t is within some .03 of it (`tests/unit/analysis/test_sample_size.py`).
"""

from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq
from statsmodels.stats.power import TTestPower

from harness.config.part import MOST_SEEDS
from harness.core import rng
from harness.plan.reach import EXACT, POWER

Array = NDArray[np.floating]

_COARSE = 4  # p-values at or below the level; with fewer the test is simulated
_SIMULATED = 14  # seeds, at most: more have too many flips for more than a few studies
_STUDIES = 2000  # simulated studies
_NUMBERS = 1 << 21  # of a simulated table, at most
_LARGEST = 12.0  # a size beyond it is detected by any seeds that can
_TIE = 1e-9  # of a share in [0, 1]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(100)


def detection_power(size: float, seeds: int, alpha: float, contrasts: int) -> float:
    """How likely it is that an effect of a size is detected, as one of so many contrasts.

    By max-|t| from six seeds up. A paired t at `alpha` / `contrasts` stands for it, and is the test
    itself below six.
    """
    if EXACT <= seeds <= _SIMULATED and 2 ** (seeds - 1) * alpha < _COARSE:
        return _detected(size, seeds, alpha, contrasts)
    # of its two tails the wrong one, which has next to no share at such a power, is left out:
    # SciPy's noncentral t has no value far below zero
    level = alpha / contrasts / 2
    return float(TTestPower().power(size, seeds, level, alternative="larger"))


def detected_size(seeds: int, alpha: float, contrasts: int) -> float | None:
    """The smallest size that is detected with a power of 80 %; None where none can be."""

    def lacking(size: float) -> float:
        return detection_power(size, seeds, alpha, contrasts) - POWER

    most = 1.0
    while lacking(most) < 0:
        if seeds >= EXACT and most > _LARGEST:
            return None
        most *= 2
    return float(brentq(lacking, 0, most, xtol=1e-7))


def detection_seeds(size: float, alpha: float, contrasts: int) -> int | None:
    """The fewest seeds, from six up, that detect a size with a power of 80 %; None: over 1,000."""
    least = min(size, _LARGEST)
    return _fewest(lambda n: detection_power(least, n, alpha, contrasts) >= POWER)


def equivalence_power(margin: float, seeds: int, alpha: float, contrasts: int) -> float:
    """How likely it is that a contrast without effect is called equivalent, whatever the others.

    `margin` is in standard deviations. By the two one-sided tests at the first of Holm's levels,
    `alpha` / `contrasts`. The integral over the deviation is that of Phillips (1990).
    """
    level = alpha / contrasts
    if seeds <= _SIMULATED and 2**seeds * level < 2 * _COARSE:
        return _equivalent(margin, seeds, level)
    limit, root = float(stats.t.ppf(1 - level, seeds - 1)), np.sqrt(seeds - 1)
    shift, reach = margin * np.sqrt(seeds), 12 / np.sqrt(2 * (seeds - 1))
    # beyond these deviations there is no density, or no room within the margin
    low, high = max(0.0, 1 - reach), min(shift / limit, 1 + reach)
    if high <= low:
        return 0.0
    sd = low + (high - low) * (_NODES + 1) / 2
    density = stats.chi.pdf(sd * root, seeds - 1) * root
    inside = density * (2 * stats.norm.cdf(shift - limit * sd) - 1)
    return float(inside @ _WEIGHTS * (high - low) / 2)


def equivalence_seeds(margin: float, alpha: float, contrasts: int) -> int | None:
    """The fewest seeds with which a contrast without effect is equivalent with a power of 80 %."""
    most = min(margin, _LARGEST)
    return _fewest(lambda n: equivalence_power(most, n, alpha, contrasts) >= POWER)


def _fewest(enough: Callable[[int], bool]) -> int | None:
    """The fewest seeds that are enough, of those that the exact tests can judge."""
    most = EXACT
    while not enough(most):
        if most == MOST_SEEDS:
            return None
        most = min(2 * most, MOST_SEEDS)
    return bisect_left(range(most + 1), True, lo=EXACT, hi=most, key=enough)


class _Draws(NamedTuple):
    """Standard normal differences (studies, seeds), and flips of signs, the observed ones first."""

    differences: Array
    flips: Array  # (flips, seeds): one of each pair of mirror images


@lru_cache(maxsize=32)
def _draws(seeds: int) -> _Draws:
    rest = list(product((1.0, -1.0), repeat=seeds - 1))
    flips = np.column_stack([np.ones(len(rest)), rest])
    studies = min(_STUDIES, _NUMBERS // len(flips))
    return _Draws(rng.generator(0, "power").normal(size=(studies, seeds)), flips)


def _shares(differences: Array, flips: Array) -> Array:
    """Mean / root of mean square of each flip, (studies, flips): it orders like t."""
    squares = (differences**2).sum(-1, keepdims=True)
    shares: Array = differences @ flips.T / np.sqrt(differences.shape[-1] * squares)
    return shares


@lru_cache(maxsize=32)
def _others(seeds: int, contrasts: int) -> Array:
    """The largest |share| of the contrasts without effect, by flip: (studies, flips)."""
    draws = _draws(seeds)
    most = np.zeros((len(draws.differences), len(draws.flips)))
    stream = rng.generator(1, "power")
    for _ in range(contrasts - 1):
        noise = stream.normal(size=draws.differences.shape)
        np.maximum(most, np.abs(_shares(noise, draws.flips)), out=most)
    return most


def _detected(size: float, seeds: int, alpha: float, contrasts: int) -> float:
    draws = _draws(seeds)
    shares = np.abs(_shares(draws.differences + size, draws.flips))
    reached = np.maximum(shares, _others(seeds, contrasts)) >= shares[:, :1] - _TIE
    return float((reached.mean(1) <= alpha).mean())


def _equivalent(margin: float, seeds: int, level: float) -> float:
    draws = _draws(seeds)
    both = np.ones(len(draws.differences), bool)
    for inside in (draws.differences + margin, margin - draws.differences):
        shares = _shares(inside, draws.flips)
        observed = shares[:, :1] - _TIE
        reached = (shares >= observed).sum(1) + (-shares >= observed).sum(1)
        both &= reached <= level * 2**seeds
    return float(both.mean())
