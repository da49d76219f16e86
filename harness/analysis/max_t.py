"""Test and intervals for all contrasts of a study at once, of one paired difference a seed.

The test is single-step max-|t| under sign flips (Westfall & Young 1993): exact where differences
are symmetric about zero under the null, whatever their correlation, and for any number of contrasts
able to reach p = 2 / 2^n. Where contrasts have different numbers of seeds, it is how rare a |t| is
that counts. Intervals are parametric, for all contrasts at once (Šidák). The multivariate t with
the estimated correlation (Hothorn, Bretz & Westfall 2008) is narrower, and with six seeds covers
0.87 to 0.93 in place of 0.95: the correlation of so few is too uncertain.

D is (seeds, contrasts), NaN where a contrast has no value of a seed.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from harness.analysis.values import LARGEST
from harness.core import format as show
from harness.core import rng
from harness.core.errors import HarnessError
from harness.plan.reach import ENUMERATED, FLIPS

Array = NDArray[np.floating]

_CHUNK = 1 << 22  # numbers of one table of statistics
_TIE = 1e-9  # of a share in [0, 1]: what differs by less differs by rounding
_NEVER = 2.0  # a share that none reaches
NONE = 1e-12  # of the mean: less scatter than that is none


def adjusted(D: Array) -> Array:
    """Two-sided p of each contrast, adjusted for all of them: (contrasts,).

    A contrast of fewer than two seeds has none, and takes no part. None is below 2 / 2^n: the flips
    that leave all n seeds of a contrast as they are, or turn them all, reach it by themselves.
    """
    part = np.isfinite(checked(D)).sum(0) > 1
    p = np.full(D.shape[1], np.nan)
    if not part.any():
        return p
    values, n, rms = _scaled(D[:, part])
    groups = np.unique(n)
    limits = _limits(_scatter(D[:, part]), n, groups) - _TIE
    flips = _flips(len(values))
    reached = np.ones(len(n))  # by what was observed
    for rows in _chunks(flips[1:], len(n)):
        shares = np.abs(rows @ values) / (n * rms)
        hit = np.zeros(shares.shape, bool)
        for group, limit in zip(groups, limits, strict=True):
            hit |= shares[:, n == group].max(1)[:, np.newaxis] >= limit
        reached += hit.sum(0)
    p[part] = np.maximum(reached / len(flips), 2.0 ** (1 - n))
    return p


def above(D: Array) -> Array:
    """One-sided p of each contrast by itself, that its mean is above zero: (contrasts,).

    By the same flips, each with its mirror image; never below 1 / 2^n.
    """
    part = np.isfinite(checked(D)).sum(0) > 1
    p = np.full(D.shape[1], np.nan)
    if not part.any():
        return p
    values, n, rms = _scaled(D[:, part])
    flips = _flips(len(values))
    observed = flips[0] @ values / (n * rms)
    reached = 1.0 + (-observed >= observed - _TIE)  # what was observed, and its mirror image
    for rows in _chunks(flips[1:], len(n)):
        shares = rows @ values / (n * rms)
        reached += (shares >= observed - _TIE).sum(0) + (-shares >= observed - _TIE).sum(0)
    p[part] = np.maximum(reached / (2 * len(flips)), 2.0**-n)
    return p


def checked(D: Array) -> Array:
    """D, or an error where a difference is infinite or too large to compute with."""
    wrong = np.argwhere(np.abs(np.nan_to_num(D, nan=0.0, posinf=np.inf)) > LARGEST)
    if len(wrong):
        row, column = wrong[0]
        raise HarnessError(
            f"a difference is not finite, or too large to compute with "
            f"({show.digits(D[row, column])}, of row {row + 1} and contrast {column + 1}): "
            "one of its two values must be wrong"
        )
    return D


def _scaled(D: Array) -> tuple[Array, Array, Array]:
    """Differences divided by the largest, 0 for none; how many there are; root of mean square."""
    present = np.isfinite(D)
    rows = present.any(1)  # a seed that no contrast has is none to flip
    values = np.nan_to_num(D[rows])
    largest = np.abs(values).max(0)
    values = values / np.where(largest > 0, largest, 1.0)
    n = present.sum(0)
    rms = np.sqrt((values**2).sum(0) / n)
    return values, n, np.where(rms > 0, rms, 1.0)


def _scatter(D: Array) -> Array:
    """The share of the mean square that is not the square of the mean: (contrasts,).

    |t| = √((n − 1) (1 − s) / s), so it orders like |t|; 1 where all are zero, 0 without scatter.
    """
    present = np.isfinite(D)
    values = np.nan_to_num(D)
    largest = np.abs(values).max(0)
    values = values / np.where(largest > 0, largest, 1.0)
    mean = values.sum(0) / present.sum(0)
    variance = (np.where(present, values - mean, 0.0) ** 2).sum(0) / present.sum(0)
    square = variance + mean**2
    share = variance / np.where(square > 0, square, 1.0)
    scatter: Array = np.where(np.sqrt(variance) <= NONE * np.abs(mean), 0.0, share)
    return np.where(square > 0, scatter, 1.0)


def _limits(scatter: Array, n: Array, groups: Array) -> Array:
    """|mean| / root of mean square that is as rare as what was observed: (groups, contrasts).

    As rare by the tail of t with n − 1 degrees of freedom, for each number of seeds that contrasts
    have: where these differ, equal |t| are not equally rare, and one contrast of few seeds would
    lift the p of all others (min-p, Westfall & Young 1993). No tail counts for less than the
    smallest p that flips can give here; of those that reach it, more seeds are rarer. For equal n
    it is |t| itself that is compared.
    """
    least = 2.0 ** (1 - groups.max())
    tails = special.betainc((n - 1) / 2, 0.5, scatter)
    limits = np.empty((len(groups), len(n)))
    for place, group in enumerate(groups):
        as_rare = special.betaincinv((group - 1) / 2, 0.5, np.maximum(tails, least))
        limit = np.sqrt(1 - np.where(n == group, scatter, as_rare))
        limits[place] = np.where((tails <= least) & (group < n), _NEVER, limit)
    return limits


def _chunks(flips: Array, contrasts: int) -> Iterator[Array]:
    rows = max(1, _CHUNK // contrasts)
    for start in range(0, len(flips), rows):
        yield flips[start : start + rows]


def _flips(seeds: int) -> Array:
    """Signs a seed, what was observed first; flipping all seeds changes no |t|, so one is kept."""
    if seeds <= ENUMERATED:
        rest = np.array(list(itertools.product((1.0, -1.0), repeat=seeds - 1)))
        return np.column_stack([np.ones(len(rest)), rest])
    drawn = rng.generator(0, "sign flips").choice((1.0, -1.0), (FLIPS, seeds))
    drawn[0] = 1.0
    return drawn


def holm(p: "pd.Series[float]") -> "pd.Series[float]":
    """Holm's adjusted p over all contrasts of the study that have one.

    Ours, for statsmodels' own collects garbage at every call, which takes a tenth of a second.
    """
    known = p.dropna().sort_values()
    steps = known * np.arange(len(known), 0, -1)
    return steps.cummax().clip(upper=1.0).reindex(p.index)


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
