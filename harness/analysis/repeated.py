"""Intervals that hold at every look, and the probability that a contrast will be decided."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from harness.analysis.max_t import Array
from harness.analysis.tails import normal_above, normal_below, normal_density, t_quantile
from harness.plan.looks import Looks, spent_on_difference

_NODES = 200  # of the integrals over a Brownian motion


@lru_cache(maxsize=1024)
def nominal_levels(level: float, times: tuple[float, ...]) -> tuple[float, ...]:
    """The two-sided level of each look at which a Brownian motion spends `level` as declared.

    times: shares of the information, increasing. By recursive integration over the paths that
    have crossed no boundary yet (Armitage, McPherson & Rowe 1969).
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    nominal: list[float] = []
    at, mass = np.zeros(1), np.ones(1)  # values of the motion, and their probability
    before = spent = 0.0
    for t in times:
        step = math.sqrt(t - before)
        due = level * spent_on_difference(t) - spent
        bound = _bound(at / math.sqrt(t), mass, step / math.sqrt(t), due)
        nominal.append(2 * float(normal_above(bound)))
        spent += due
        reach = bound * math.sqrt(t)
        density = normal_density((nodes[:, np.newaxis] * reach - at) / step) / step @ mass
        at, mass, before = nodes * reach, weights * reach * density, t
    return tuple(nominal)


def _bound(at: Array, mass: Array, step: float, due: float) -> float:
    """The |z| that is crossed with probability `due` from here."""
    from scipy.optimize import brentq  # slow to import, and only sequential studies need it

    def beyond(bound: float) -> float:
        up, down = normal_above((bound - at) / step), normal_below((-bound - at) / step)
        return float((up + down) @ mass) - due

    return float(brentq(beyond, 0.0, 40.0, xtol=1e-12))


def repeated_interval(design: Looks, values: Sequence[Array]) -> tuple[float, float] | None:
    """Bounds of a mean that hold for all contrasts and looks at once; None for too few values.

    values: the differences of one contrast as each look saw them. t-intervals at the nominal level
    of the last look, of alpha divided by the number of contrasts (Jennison & Turnbull 1989). A look
    at which there was no more to spend than before has the interval of the look before.
    """
    times: list[float] = []
    latest = None
    for look in values:
        present = look[np.isfinite(look)]
        t = design.time(len(present))
        if len(present) > 1 and t > max(times, default=0.0):
            times.append(t)
            latest = present
    if latest is None:
        return None
    level = nominal_levels(design.level(0), tuple(times))[-1]
    n, mean = len(latest), float(latest.mean())
    half = _quantile(level, n - 1) * float(latest.std(ddof=1)) / math.sqrt(n)
    return mean - half, mean + half


@lru_cache(maxsize=1024)
def _quantile(level: float, freedom: int) -> float:
    """Of t, two-sided."""
    return float(t_quantile(1 - level / 2, freedom))


def predictive_power(
    design: Looks, n: int, mean: float | Array, sd: float | Array, margin: float | Array
) -> Array:
    """The probability that contrasts are decided at n_max, given means and deviations at n.

    That the final mean lies beyond the bound of a difference or inside that of equivalence, with
    both bounds as they will be if the deviation stays: a guide to futility, on which no error rate
    depends. margin: NaN for none. Numbers or arrays that broadcast; the result has their shape.
    """
    mean, sd = np.asarray(mean, float), np.asarray(sd, float)
    final, remaining = sd / math.sqrt(design.n_max), sd * math.sqrt(1 / n - 1 / design.n_max)
    bound = _quantile(design.level(0), design.n_max - 1) * final
    inside = margin - _quantile(design.alpha / 2, design.n_max - 1) * final
    spread = np.where(remaining > 0, remaining, 1.0)

    def below(value: Array) -> Array:
        return np.asarray(normal_below((value - mean) / spread), float)

    same = np.where(inside > 0, below(inside) - below(-inside), 0.0)
    chance = np.minimum(1.0, 1 - below(bound) + below(-bound) + same)  # a mean can be both
    certain = (np.abs(mean) > bound) | (np.abs(mean) < inside)  # of seeds that are all alike
    return np.where(remaining > 0, chance, certain)
