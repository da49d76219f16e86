"""The moderated t: its prior, and the test with it, against formulas as they are published."""

import itertools

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.special import digamma, polygamma

from harness.analysis import max_t, moderated


def _prior(columns):
    """d0 and s0² by mean squares about zero; d0 is infinite where these do not differ enough."""
    n = np.array([len(column) for column in columns])
    e = np.log([np.mean(column**2) for column in columns]) - digamma(n / 2) + np.log(n / 2)
    excess = np.var(e, ddof=1) - np.mean(polygamma(1, n / 2))
    if excess <= 0:
        return np.inf, np.exp(e.mean())
    half = optimize.brentq(lambda y: polygamma(1, y) - excess, 1e-8, 1e9)
    return 2 * half, np.exp(e.mean() + digamma(half) - np.log(half))


def _rarity(column, prior, least):
    """The larger, the rarer; of those at the smallest p, the one of more seeds."""
    (freedom, variance), n = prior, len(column)
    m, q = column.mean(), np.mean(column**2)
    if np.isinf(freedom):
        t = abs(m) / np.sqrt(variance / n)
        tail = 2 * stats.norm.sf(t)
    else:
        own = (freedom * variance + n * (q - m**2)) / (freedom + n - 1)
        t = abs(m) / np.sqrt(own / n)
        tail = 2 * stats.t.sf(t, freedom + n - 1)
    return round(-max(tail, least), 10), n, round(t, 7)


def _stepped_down(D):
    signs = [np.array(flip) for flip in itertools.product((1, -1), repeat=len(D))]
    present, least = np.isfinite(D), 2 / len(signs)
    left, p = list(range(D.shape[1])), {}

    def rarities(flip, prior):
        columns = {place: (D[:, place] * flip)[present[:, place]] for place in left}
        return {place: _rarity(column, prior, least) for place, column in columns.items()}

    while left:
        columns = [D[present[:, place], place] for place in left]
        prior = _prior(columns) if len(left) >= 3 else (0.0, 1.0)
        observed = rarities(np.ones(len(D)), prior)
        first = max(observed, key=observed.get)
        reached = [max(rarities(flip, prior).values()) >= observed[first] for flip in signs]
        p[first] = max([np.mean(reached), *p.values()])
        left.remove(first)
    return [p[place] for place in range(D.shape[1])]


@pytest.mark.parametrize("case", range(8))
def test_it_steps_down_with_a_prior_of_those_left(case):
    random = np.random.default_rng(case)
    spread = 10 ** random.uniform(-case / 8, case / 8, 4)
    D = random.normal([0.0, 0.5, 1.0, 2.0], spread, (6, 4)) * 1e-3
    assert max_t.adjusted(D).tolist() == pytest.approx(_stepped_down(D))


@pytest.mark.parametrize("case", range(4))
def test_the_same_where_contrasts_have_different_numbers_of_seeds(case):
    random = np.random.default_rng(case)
    D = random.normal([0.0, 0.5, 1.0, 2.0], 1.0 + case, (6, 4))
    D[0, 1] = D[[1, 4], 3] = np.nan
    assert max_t.adjusted(D).tolist() == pytest.approx(_stepped_down(D))


def test_the_prior_of_variances_from_a_known_distribution():
    random, freedom, variance, n = np.random.default_rng(0), 5.0, 3.0, 8
    own = variance * freedom / random.chisquare(freedom, 100_000)
    squares = own * random.chisquare(n, 100_000) / n
    found = moderated.prior(np.log(squares), np.full(100_000, n))
    assert found.freedom == pytest.approx(freedom, rel=0.03)
    assert np.exp(found.log_variance) == pytest.approx(variance, rel=0.02)


def test_equal_variances_are_pooled_and_two_contrasts_have_no_prior():
    equal = moderated.prior(np.zeros(4), np.full(4, 8))
    assert equal.freedom == moderated.ENDLESS
    assert equal.log_variance == pytest.approx(np.log(4) - digamma(4), abs=1e-5)
    assert moderated.prior(np.zeros(2), np.full(2, 8)) == moderated.NONE
    zeros = np.array([0.0, -np.inf, 0.0, -np.inf])  # a contrast of zeros tells nothing
    assert moderated.prior(zeros, np.full(4, 8)) == moderated.NONE


@pytest.mark.parametrize("value", [1e-9, 1e-7, 1e-3, 1.0, 40.0, 1e6])
def test_the_inverse_of_trigamma(value):
    assert polygamma(1, moderated.trigamma_inverse(value)) == pytest.approx(value, rel=1e-6)


def test_p_depends_neither_on_the_unit_nor_on_the_order_of_contrasts():
    D = np.random.default_rng(0).normal(0.8, 1, (7, 5))
    p = max_t.adjusted(D)
    assert max_t.adjusted(D[:, ::-1])[::-1].tolist() == p.tolist()
    for unit in (1e-60, -1.0, 1e60):
        assert max_t.adjusted(unit * D) == pytest.approx(p)


def test_contrasts_on_scales_apart_are_tested_as_if_each_were_alone():
    D = np.random.default_rng(1).normal(2.0, 1, (6, 4)) * [1e-150, 1.0, 1e30, 3e60]
    p = max_t.adjusted(D)
    assert np.isfinite(p).all()
    assert (p >= 2 / 2**6).all()
    one = np.column_stack([D, np.zeros(6)])
    assert max_t.adjusted(one).tolist() == [*p, 1.0]


def test_small_scatter_by_chance_no_longer_hides_an_effect():
    """The null contrast has next to no scatter in one flip, so that its plain t is beyond all."""
    random = np.random.default_rng(2)
    D = random.normal(0, 1, (6, 6))
    D[:, 0] += 2.5
    D[:, 1] = [1.0, -1.0, 1.0, -1.0, 1.0, 1.0]
    assert max_t.adjusted(D)[0] == 2 / 2**6
    assert max_t.adjusted(D[:, :2])[0] > 0.05  # of two contrasts, there is no prior
