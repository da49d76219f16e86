"""Test and intervals for all contrasts of a study at once, of one paired difference a seed.

The test is step-down max-|t| under sign flips of whole seeds (Westfall & Young 1993), with
moderated t (`moderated`) for sets of 3 to 40 contrasts. With the plain t it is exact where
differences are symmetric about zero under the null, whatever their correlation; with the moderated
one where no contrast has an effect, and within simulation error else (docs/statistics.md). Where
contrasts have different numbers of seeds, it is how rare a |t| is that counts.

Intervals are parametric, for all contrasts at once (Šidák). The multivariate t with
the estimated correlation (Hothorn, Bretz & Westfall 2008) is narrower, and with six seeds covers
0.87 to 0.93 in place of 0.95: the correlation of so few is too uncertain.

D is (seeds, contrasts), NaN where a contrast has no value of a seed.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from harness.analysis import moderated
from harness.analysis.moderated import Prior
from harness.analysis.tails import t_quantile
from harness.analysis.values import LARGEST
from harness.core import format as show
from harness.core import rng
from harness.core.errors import HarnessError
from harness.plan.reach import ENUMERATED, FLIPS

Array = NDArray[np.floating]
Places = NDArray[np.integer]

_CHUNK = 1 << 22  # numbers of one table of statistics
_TIE = 1e-9  # of a t, or a share in [0, 1]: what differs by less differs by rounding
_MOST_ADDED = 500.0  # logarithm
_NEVER = np.inf  # a t that none reaches
NONE = 1e-12  # of the mean: less scatter than that is none


def adjusted(D: Array) -> Array:
    """Two-sided p of each contrast, adjusted for all of them: (contrasts,).

    A contrast of fewer than two seeds has none, and takes no part. None is below 2 / 2^n: the flips
    that leave all n seeds of a contrast as they are, or turn them all, reach it by themselves.
    """
    part = np.isfinite(checked(D)).sum(0) > 1
    p = np.full(D.shape[1], np.nan)
    if part.any():
        p[part] = _stepped_down(_Sample.of(D[:, part]))
    return p


class _Sample(NamedTuple):
    """Contrasts, each divided by its largest difference, so that no square is too large."""

    scaled: Array  # (seeds, contrasts), 0 for none
    n: Array  # how many there are
    log_largest: Array
    variance: Array  # about the mean, with n in its denominator; 0 where it is but rounding
    square: Array  # mean square

    @classmethod
    def of(cls, D: Array) -> "_Sample":
        present = np.isfinite(D)
        rows = present.any(1)  # a seed that no contrast has is none to flip
        values, present = np.nan_to_num(D[rows]), present[rows]
        largest = np.abs(values).max(0)
        largest = np.where(largest > 0, largest, 1.0)
        values, n = values / largest, present.sum(0)
        mean = values.sum(0) / n
        variance = (np.where(present, values - mean, 0.0) ** 2).sum(0) / n
        variance = np.where(np.sqrt(variance) <= NONE * np.abs(mean), 0.0, variance)
        return cls(values, n, np.log(largest), variance, variance + mean**2)

    def take(self, which: Places) -> "_Sample":
        return _Sample(*(part[..., which] for part in self))


class _Rarity(NamedTuple):
    """How rare contrasts are, and what makes flips comparable with them: one number a contrast."""

    n: Array
    freedom: Array  # degrees of freedom of t
    weights: Array  # by which the size of a sum is multiplied to give √(freedom (1 − scatter))
    scatter: Array  # the share of the square that is not that of the mean; |t| falls with it
    tails: Array  # two-sided, by t, not below the smallest p that flips can give here
    least: float

    @classmethod
    def of(cls, sample: _Sample, prior: Prior, least: float) -> "_Rarity":
        n = sample.n
        # a contrast may be as nothing beside the others
        size = np.minimum(prior.log_variance - 2 * sample.log_largest, _MOST_ADDED)
        added = prior.freedom / n * np.exp(size)
        square = np.where(sample.square + added > 0, sample.square + added, 1.0)
        scatter = np.where(sample.square > 0, (sample.variance + added) / square, 1.0)
        freedom = prior.freedom + n - 1
        tails = np.maximum(special.betainc(freedom / 2, 0.5, scatter), least)
        return cls(n, freedom, np.sqrt(freedom / square) / n, scatter, tails, least)

    def order(self) -> Places:
        """The rarest first; of those at the smallest p, the one of more seeds."""
        return np.lexsort((self.scatter, -self.n, self.tails))

    def limits(self, places: Places, observed: Places) -> Array:
        """The weighted sum at which contrasts of `places` are as rare as those of `observed`.

        The two broadcast against each other.

        As rare by the tail of t: where numbers of seeds differ, equal |t| are not equally rare, and
        one contrast of few seeds would lift the p of all others (min-p, Westfall & Young 1993). No
        tail counts for less than the smallest p that flips can give; of those that reach it, more
        seeds are rarer. For equal n it is |t| itself that is compared.
        """
        n, seeds, freedom = self.n[places], self.n[observed], self.freedom[places]
        scatter = self.scatter[observed]
        if np.any(n != seeds):
            as_rare = special.betaincinv(freedom / 2, 0.5, self.tails[observed])
            scatter = np.where(n == seeds, scatter, as_rare)
        limits = np.sqrt(freedom * (1 - scatter)) - _TIE
        known: Array = np.where((self.tails[observed] <= self.least) & (n < seeds), _NEVER, limits)
        return known


def _stepped_down(sample: _Sample) -> Array:
    """Step by step: the rarest of those left, against the flips of these; p never falls.

    With a prior it is estimated again from those left: a large effect tells nothing of the scatter
    of other contrasts.
    """
    contrasts = len(sample.n)
    flips, least = _flips(len(sample.scaled)), 2.0 ** (1 - sample.n.max())
    p: Array = np.zeros(contrasts)
    left, reached = np.arange(contrasts), 0.0
    if moderated.moderates(contrasts):
        sums = np.abs(flips[1:] @ sample.scaled)
        while (prior := _prior(rest := sample.take(left))).freedom:
            rarity = _Rarity.of(rest, prior, least)
            first = rarity.order()[:1]
            limits = rarity.limits(np.arange(len(left)), first) / rarity.weights
            hits = (sums[:, left] >= limits).any(1).sum()
            reached = max(reached, float(1 + hits) / len(flips))
            p[left[first]] = reached
            left = np.delete(left, first)
    if len(left):
        p[left] = np.maximum(_plainly(sample.take(left), flips, least), reached)
    p[:] = np.maximum(p, 2.0 ** (1 - sample.n))
    return p


def _prior(sample: _Sample) -> Prior:
    with np.errstate(divide="ignore"):  # of zeros
        return moderated.prior(np.log(sample.square) + 2 * sample.log_largest, sample.n)


def _plainly(sample: _Sample, flips: Array, least: float) -> Array:
    """The same without a prior, so that nothing but who is left changes from step to step."""
    rarity = _Rarity.of(sample, moderated.NONE, least)
    order = rarity.order()
    groups, members = np.unique(sample.n, return_index=True)
    limits = rarity.limits(members[:, np.newaxis], order)  # (groups, contrasts)
    scaled, weights, n = sample.scaled[:, order], rarity.weights[order], sample.n[order]
    reached = np.ones(len(order))  # by what was observed
    for rows in _chunks(flips[1:], len(order)):
        t = np.abs(rows @ scaled) * weights
        hit = np.zeros(t.shape, bool)
        for group, limit in zip(groups, limits, strict=True):
            of_group = np.where(n == group, t, -1.0)
            hit |= np.maximum.accumulate(of_group[:, ::-1], axis=1)[:, ::-1] >= limit
        reached += hit.sum(0)
    p: Array = np.empty(len(order))
    p[order] = np.maximum.accumulate(reached / len(flips))
    return p


def above(D: Array) -> Array:
    """One-sided p of each contrast by itself, that its mean is above zero: (contrasts,).

    By the same flips, each with its mirror image; never below 1 / 2^n.
    """
    part = np.isfinite(checked(D)).sum(0) > 1
    p = np.full(D.shape[1], np.nan)
    if not part.any():
        return p
    sample = _Sample.of(D[:, part])
    values, n = sample.scaled, sample.n
    size = n * np.sqrt(np.where(sample.square > 0, sample.square, 1.0))
    flips = _flips(len(values))
    observed = flips[0] @ values / size
    reached = 1.0 + (-observed >= observed - _TIE)  # what was observed, and its mirror image
    for rows in _chunks(flips[1:], len(n)):
        shares = rows @ values / size
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


def _chunks(flips: Array, contrasts: int) -> Iterator[Array]:
    rows = max(1, _CHUNK // contrasts)
    for start in range(0, len(flips), rows):
        yield flips[start : start + rows]


def _flips(seeds: int) -> Array:
    """Signs a seed, what was observed first; flipping all seeds changes no |t|, so one is kept."""
    if seeds <= ENUMERATED:
        bits = np.arange(2 ** (seeds - 1))[:, np.newaxis] >> np.arange(seeds - 1, -1, -1)
        return 1.0 - 2.0 * (bits & 1)
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
    half = float(t_quantile(1 - level / 2, n - 1) * differences.std(ddof=1)) / math.sqrt(n)
    return mean - half, mean + half
