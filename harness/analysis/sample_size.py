"""Sample size: the seeds that decide a contrast, and the effect that a number of seeds detects.

Differences are taken to be normal and independent. One contrast has an effect and the others have
none, which is the first step of any step-down correction, so the power does not depend on what the
others turn out to be. Sizes are in standard deviations of a paired difference.

Where sign flips have next to no p to choose from, as six seeds at 0.05 have a single one, the test
loses up to half of the power of a paired t. There it is simulated, by a fixed stream of draws;
elsewhere the t is within some .03 of it (`tests/unit/analysis/test_sample_size.py`).
"""

import math
from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.analysis.tails import chi_density, normal_below, shifted_t_above, t_quantile
from harness.config.part import MOST_SEEDS
from harness.core import rng
from harness.plan.reach import EXACT, POWER

Array = NDArray[np.floating]

_COARSE = 4  # p-values at or below the level; with fewer the test is simulated
_SIMULATED = 14  # seeds, at most: more have too many flips for more than a few studies
_STUDIES = 2000  # simulated studies
_NUMBERS = 1 << 21  # of a simulated table, at most
_LARGEST = 12.0  # a size beyond it is detected by any seeds that can
_CLOSE = 1e-9  # of a size
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
    limit = -float(t_quantile(alpha / contrasts / 2, seeds - 1))
    return shifted_t_above(limit, seeds - 1, size * math.sqrt(seeds))


def detected_size(seeds: int, alpha: float, contrasts: int) -> float | None:
    """The smallest size that is detected with a power of 80 %; None where none can be."""

    def enough(size: float) -> bool:
        return detection_power(size, seeds, alpha, contrasts) >= POWER

    low, high = 0.0, 1.0
    while not enough(high):
        if seeds >= EXACT and high > _LARGEST:
            return None
        low, high = high, 2 * high
    while high - low > _CLOSE * high:  # halved, for a simulated power has steps
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


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
        return float((_margins(seeds, level) < margin).mean())
    limit, root = float(t_quantile(1 - level, seeds - 1)), np.sqrt(seeds - 1)
    shift, reach = margin * np.sqrt(seeds), 12 / np.sqrt(2 * (seeds - 1))
    # beyond these deviations there is no density, or no room within the margin
    low, high = max(0.0, 1 - reach), min(shift / limit, 1 + reach)
    if high <= low:
        return 0.0
    sd = low + (high - low) * (_NODES + 1) / 2
    density = chi_density(sd * root, seeds - 1) * root
    inside = density * (2 * normal_below(shift - limit * sd) - 1)
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


@lru_cache(maxsize=32)
def _draws(seeds: int) -> Array:
    """Standard normal differences, (studies, seeds)."""
    studies = min(_STUDIES, _NUMBERS >> (seeds - 1))
    return rng.generator(0, "power").normal(size=(studies, seeds))


def _sums(differences: Array) -> Array:
    """Sums under the flips of signs, one of each pair of mirror images: (studies, flips).

    The observed one comes first.
    """
    sums = differences[:, :1]
    for more in differences.T[1:, :, np.newaxis]:
        sums = np.stack([sums + more, sums - more], axis=2).reshape(len(sums), -1)
    return sums


def _means(differences: Array) -> tuple[Array, Array]:
    """Means of the differences that each flip but the observed one turns, and that it keeps."""
    seeds, sums = differences.shape[1], _sums(differences)
    signs = _sums(np.ones((1, seeds)))[:, 1:]
    turned, kept = (sums[:, :1] - sums[:, 1:]), (sums[:, :1] + sums[:, 1:])
    return turned / (seeds - signs), kept / (seeds + signs)


@lru_cache(maxsize=32)
def _others(seeds: int, contrasts: int) -> Array:
    """The largest |mean / root of mean square| of the contrasts without effect, by flip.

    (studies, flips); it orders like |t|.
    """
    studies = len(_draws(seeds))
    most = np.zeros((studies, 2 ** (seeds - 1)))
    stream = rng.generator(1, "power")
    for _ in range(contrasts - 1):
        noise = stream.normal(size=(studies, seeds))
        shares = _sums(noise / np.sqrt(seeds * (noise**2).sum(1, keepdims=True)))
        np.maximum(most, np.abs(shares, out=shares), out=most)
    return most


def _detected(size: float, seeds: int, alpha: float, contrasts: int) -> float:
    low, high = _sizes(seeds, alpha, contrasts)
    return float(((size < low) | (size > high)).mean())


@lru_cache(maxsize=32)
def _sizes(seeds: int, alpha: float, contrasts: int) -> tuple[Array, Array]:
    """Of each simulated study, the size below which, and that above which, it is detected.

    A flip reaches what was observed up to the size at which the differences that it turns, or those
    that it keeps, have no mean, or at which another contrast reaches it. As many of the largest of
    these sizes count as the level has room for.
    """
    differences = _draws(seeds)
    room = math.floor(alpha * 2 ** (seeds - 1))  # for what was observed, too
    if not room:
        return np.full(len(differences), -np.inf), np.full(len(differences), np.inf)
    means, others = _means(differences), _others(seeds, contrasts)[:, 1:]
    lift = differences.std(1, keepdims=True) * others / np.sqrt(1 - others**2)
    whole = differences.mean(1, keepdims=True)
    ends = []
    for sign in (1, -1):
        sizes = np.maximum.reduce([*(-sign * mean for mean in means), lift - sign * whole])
        ends.append(sign * np.partition(sizes, -room, axis=1)[:, -room])
    return ends[1], ends[0]


@lru_cache(maxsize=32)
def _margins(seeds: int, level: float) -> Array:
    """The margin of each simulated study above which a contrast without effect is equivalent.

    A flip, of those and their mirror images, reaches what was observed up to the margin at which
    the differences that it turns, as measured from an end of the region, have no mean. As many of
    the largest of these margins count as the level has room for.
    """
    differences = _draws(seeds)
    room = math.floor(level * 2**seeds)  # for what was observed, too
    if not room:
        return np.full(len(differences), np.inf)
    means = np.column_stack([*_means(differences), differences.mean(1)])  # all are turned by one
    ends = np.partition(means, (room - 1, -room), axis=1)
    margins: Array = np.maximum(ends[:, -room], -ends[:, room - 1])
    return margins
