"""Tails and quantiles of the distributions that tests and intervals are made of.

They are the functions that SciPy's own distributions call, and give the same bits
(`tests/unit/analysis/test_tails.py`): `scipy.stats`, with all of its distributions, takes a third
of a second to import, which is much of a plan or of a report.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Numbers = NDArray[np.floating] | float


def t_above(t: Numbers, freedom: Numbers) -> Any:
    """The share of Student's t with so many degrees of freedom that is above t."""
    return special.stdtr(freedom, -t)


def t_quantile(share: Numbers, freedom: Numbers) -> Any:
    """The t with this share below it."""
    return special.stdtrit(freedom, share)


def shifted_t_above(t: float, freedom: float, shift: float) -> float:
    """The same of the noncentral t."""
    return float(1.0 - special.nctdtr(freedom, shift, t))


def normal_above(z: Numbers) -> Any:
    """The share of the standard normal distribution that is above z."""
    return special.ndtr(-z)


def normal_below(z: Numbers) -> Any:
    """The share of it that is below z."""
    return special.ndtr(z)


def normal_density(z: Numbers) -> Any:
    """Its density at z."""
    return np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def chi_density(root: Numbers, freedom: float) -> Any:
    """Density of the root of a χ² with so many degrees of freedom, at roots above 0."""
    half, two = 0.5 * freedom, math.log(2)
    scale = two - two * half - special.gammaln(half)
    return np.exp(scale + special.xlogy(freedom - 1.0, root) - 0.5 * root**2)


def chi_square_above(square: float, freedom: float) -> float:
    """The share of a χ² that is above a value."""
    return float(special.chdtrc(freedom, square))


def binomial_interval(count: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share (Clopper & Pearson 1934), of `count` in at least one."""
    tail = (1 - level) / 2
    low = special.betaincinv(count, total - count + 1, tail) if count else 0.0
    high = special.betaincinv(count + 1, total - count, 1 - tail) if count < total else 1.0
    return float(low), float(high)


def sign_test(count: int, total: int) -> float:
    """Two-sided p that `count` of `total` signs are positive, of which half are expected to be."""
    return min(1.0, 2 * float(special.bdtr(min(count, total - count), total, 0.5)))
