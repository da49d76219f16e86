"""Kendall's tau-b and its exact p, against all orders and against SciPy."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from harness.analysis.agreement import DRAWN, kendall


def _by_hand(x, y):
    """S over every order of y: the share that is as far from zero."""

    def s(order):
        return sum(
            np.sign(x[i] - x[j]) * np.sign(order[i] - order[j])
            for i, j in itertools.combinations(range(len(x)), 2)
        )

    found = [abs(s(order)) for order in itertools.permutations(y)]
    return sum(one >= abs(s(y)) for one in found) / len(found)


def test_one_tie_at_five():
    # SciPy's says .0230; of 120 orders four have |S| = 9
    tau, p = kendall([1, 2, 3, 4, 5], [1, 1, 2, 3, 4])
    assert p == 1 / 30
    assert tau == pytest.approx(stats.kendalltau([1, 2, 3, 4, 5], [1, 1, 2, 3, 4]).statistic)


@pytest.mark.parametrize("seed", range(30))
def test_p_is_the_share_of_all_orders(seed):
    draw = np.random.default_rng(seed)
    size = int(draw.integers(2, 7))
    x, y = (draw.integers(0, span, size).astype(float) for span in draw.integers(2, 9, 2))
    tau, p = kendall(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert math.isnan(tau)
        assert math.isnan(p)
        return
    assert p == pytest.approx(_by_hand(x, y), abs=1e-15)
    assert tau == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)


@pytest.mark.parametrize("size", [2, 3, 5, 8, 12, 30, 60])
def test_without_ties_it_is_scipys_exact_p(size):
    draw = np.random.default_rng(size)
    for _ in range(10):
        x, y = draw.normal(size=(2, size))
        y += draw.choice([0, 1]) * x
        theirs = stats.kendalltau(x, y, method="exact")
        assert kendall(x, y) == pytest.approx((theirs.statistic, theirs.pvalue), abs=1e-12)


def test_ties_of_one_side_are_counted_for_many_values_too():
    draw = np.random.default_rng(3)
    x, y = np.arange(14.0), draw.integers(0, 5, 14).astype(float)
    _, p = kendall(x, y)
    first, second = np.triu_indices(14, 1)
    signs = np.sign(x[first] - x[second])
    orders = np.array([draw.permutation(y) for _ in range(40_000)])
    s = np.sign(orders[:, first] - orders[:, second]) @ signs
    observed = abs(np.sign(y[first] - y[second]) @ signs)
    assert p == pytest.approx((abs(s) >= observed).mean(), abs=4 * math.sqrt(p * (1 - p) / 40_000))
    assert kendall(y, x)[1] == p


def test_of_drawn_orders_the_observed_one_counts():
    x = np.repeat(np.arange(10.0), 2)
    assert kendall(x, x)[1] == 1 / DRAWN
    assert kendall(x, -x)[0] == -1
    y = np.random.default_rng(0).permutation(x)
    assert kendall(x, y) == kendall(x, y)
    assert kendall(x, y)[1] == pytest.approx(stats.kendalltau(x, y).pvalue, abs=0.03)
