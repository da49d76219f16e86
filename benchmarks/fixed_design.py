"""The test of a fixed number of seeds on simulated studies, against the single-step one before it.

Many studies at once, all their flips in one table. The test is that of `harness.analysis.max_t`,
written for many studies of equal numbers of seeds; `tests/unit/test_verdict_benchmark.py` holds
that both reject the same.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

from benchmarks.effects import ALPHA, MARGIN, NORMAL, Mix, draw
from harness.analysis import moderated
from harness.analysis.equivalence import assess_equivalence
from harness.core import rng

Array = NDArray[np.floating]
Hits = NDArray[np.bool_]

NUMBERS = 2e7  # of one table of sums
TIE = 1e-9  # relative: what differs by less differs by rounding


def chunks(truth: Mix, studies: int, seeds: int, noise: str) -> list[Array]:
    """Differences of so many studies in parts that fit into memory."""
    random = rng.generator(0, "verdicts", truth.name, seeds, noise)
    most = max(1, int(NUMBERS / (2 ** (seeds - 1) * len(truth.effects))))
    sizes = [min(most, studies - start) for start in range(0, studies, most)]
    return [draw(truth, size, seeds, random, noise) for size in sizes]


def rejected(D: Array) -> tuple[Hits, Hits]:
    """Which contrasts of (studies, seeds, contrasts) single-step max-|t| and our test reject."""
    seeds = D.shape[1]
    bits = np.arange(2 ** (seeds - 1))[:, np.newaxis] >> np.arange(seeds - 1, -1, -1)
    means = np.abs(np.einsum("fn,snk->sfk", 1.0 - 2.0 * (bits & 1), D, optimize=True)) / seeds
    square = (D**2).mean(1)
    return _single_step(means, square), _stepped_down(means, square, seeds)


def _single_step(means: Array, square: Array) -> Hits:
    shares = means / np.sqrt(square)[:, np.newaxis]
    largest, observed = shares.max(2), shares[:, 0] * (1 - TIE)
    reached = [(largest >= own[:, np.newaxis]).mean(1) for own in observed.T]
    hits: Hits = np.column_stack(reached) <= ALPHA
    return hits


def _stepped_down(means: Array, square: Array, seeds: int) -> Hits:
    studies, contrasts = square.shape
    left, active = np.ones((studies, contrasts), bool), np.arange(studies)
    for _ in range(contrasts):
        still = left[active]
        added = _added(square[active], still, seeds)
        size = np.sqrt(square[active] + added[:, np.newaxis])
        shares = np.where(still, means[active, 0] / size, -1.0)
        first = shares.argmax(1)
        limits = np.where(still, size * shares.max(1)[:, np.newaxis] * (1 - TIE), np.inf)
        reached = (means[active] >= limits[:, np.newaxis]).any(2).mean(1)
        sure = reached <= ALPHA
        active = active[sure]
        left[active, first[sure]] = False
        if not len(active):
            break
    return ~left


def _added(square: Array, kept: Hits, seeds: int) -> Array:
    """What the prior of the contrasts left adds to their mean squares: (studies,).

    `moderated.prior` for many studies at once.
    """
    half, contrasts = seeds / 2, square.shape[1]
    told = kept.sum(1) >= moderated.LEAST
    added = np.zeros(len(square))
    if not moderated.moderates(contrasts) or not told.any():
        return added
    e = np.where(kept[told], np.log(square[told]) - digamma(half) + np.log(half), np.nan)
    excess = np.nanvar(e, axis=1, ddof=1) - polygamma(1, half)
    freedom = np.full(len(e), moderated.ENDLESS)
    some = excess > 2 / moderated.ENDLESS
    y = 0.5 + 1 / excess[some]
    for _ in range(20):  # Newton's method; each step doubles the digits
        reached = polygamma(1, y)
        y = y + reached * (1 - reached / excess[some]) / polygamma(2, y)
    freedom[some] = 2 * y
    log_variance = np.nanmean(e, axis=1) + digamma(freedom / 2) - np.log(freedom / 2)
    added[told] = freedom * np.exp(log_variance) / seeds
    return added


def rates(truth: Mix, studies: int, seeds: int, noise: str = NORMAL) -> dict[str, float]:
    """Verdicts a study, and the share of studies with any false one, of both tests."""
    counts = dict.fromkeys(("verdicts before", "verdicts", "error before", "error"), 0.0)
    for D in chunks(truth, studies, seeds, noise):
        right = np.sign(D.mean(1)) == np.sign(truth.effects)
        for name, hits in zip((" before", ""), rejected(D), strict=True):
            counts[f"verdicts{name}"] += float((hits & right & ~truth.null).sum())
            counts[f"error{name}"] += float((hits & (truth.null | ~right)).any(1).sum())
    return {name: count / studies for name, count in counts.items()}


def false_equivalence(truth: Mix, studies: int, seeds: int, noise: str = NORMAL) -> float:
    """The share of studies that call any effect equivalent which is no smaller than the margin."""
    k, found = len(truth.effects), 0
    for D in chunks(truth, studies, seeds, noise):
        for one in D:
            table = assess_equivalence(one, np.full(k, MARGIN), np.ones(k, bool), ALPHA)
            found += bool((table["equivalent"].to_numpy() & truth.apart).any())
    return found / studies
