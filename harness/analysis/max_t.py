"""Test and intervals for all contrasts of a study at once, of one paired difference a seed.

The test is single-step max-|t| under sign flips (Westfall & Young 1993): exact where differences
are symmetric about zero under the null, whatever their correlation, and for any number of contrasts
able to reach p = 2 / 2^n. Intervals are parametric, for all contrasts at once (Šidák). The
multivariate t with the estimated correlation (Hothorn, Bretz & Westfall 2008) is narrower, and with
six seeds covers 0.87 to 0.93 in place of 0.95: the correlation of so few is too uncertain.

D is (seeds, contrasts), NaN where a contrast has no value of a seed.
"""

import itertools
import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from harness import rng
from harness.design.reach import ENUMERATED, FLIPS

Array = NDArray[np.floating]

_CHUNK = 1 << 22  # numbers of one table of statistics
_TINY = 1e-300


def adjusted(D: Array) -> Array:
    """Two-sided p of each contrast, adjusted for all of them: (contrasts,).

    A contrast of fewer than two seeds has none, and takes no part.
    """
    count = np.isfinite(D).sum(0)
    part = count > 1
    p = np.full(D.shape[1], np.nan)
    if not part.any():
        return p
    values, n = np.nan_to_num(D[:, part]), count[part]
    square = (values**2).sum(0) / n
    flips = _flips(len(D))
    observed = _statistics(flips[:1], values, n, square)[0]
    reached = np.zeros(len(observed))
    rows = max(1, _CHUNK // len(observed))
    for start in range(0, len(flips), rows):
        largest = _statistics(flips[start : start + rows], values, n, square).max(1)
        reached += (largest[:, np.newaxis] >= observed - 1e-9).sum(0)
    p[part] = reached / len(flips)
    return p


def _statistics(flips: Array, values: Array, n: Array, square: Array) -> Array:
    mean = flips @ values / n
    error = np.sqrt(np.maximum(square - mean**2, _TINY) / (n - 1))
    statistics: Array = np.abs(mean / error)
    return statistics


def _flips(seeds: int) -> Array:
    """Signs a seed, what was observed first; flipping all seeds changes no |t|, so one is kept."""
    if seeds <= ENUMERATED:
        rest = np.array(list(itertools.product((1.0, -1.0), repeat=seeds - 1)))
        return np.column_stack([np.ones(len(rest)), rest])
    drawn = rng.generator(0, "sign flips").choice((1.0, -1.0), (FLIPS, seeds))
    drawn[0] = 1.0
    return drawn


def single_level(contrasts: int, alpha: float) -> float:
    """The level of each interval with which at most `alpha` of studies have one that misses.

    Šidák (1967): exact for independent contrasts, and enough for any correlation.
    """
    return float(1 - (1 - alpha) ** (1 / max(1, contrasts)))


def interval(differences: Array, level: float) -> tuple[float, float]:
    """Two-sided t-interval of the mean at a level (0.05: 95 %); NaN for fewer than two values."""
    n = len(differences)
    if n < 2:
        return math.nan, math.nan
    mean = float(differences.mean())
    half = float(stats.t.ppf(1 - level / 2, n - 1) * differences.std(ddof=1)) / math.sqrt(n)
    return mean - half, mean + half
