"""p by brute force over every flip, in fractions where values lie on a grid; equivalence too."""

import itertools
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.analysis import max_t, moderated
from harness.analysis.effects import estimate, estimates
from harness.analysis.equivalence import assess_equivalence
from harness.core.errors import HarnessError


def _signs(seeds):
    return list(itertools.product((1, -1), repeat=seeds))


def _share(values):
    """mean² / mean square, exactly: it orders like |t|."""
    square = sum(value * value for value in values)
    return Fraction(sum(values)) ** 2 / (len(values) * square) if square else Fraction(0)


def _stepped_down(columns):
    """p of step-down max-|t| for integers, without a rounding anywhere."""
    signs, p = _signs(len(columns[0])), {}
    shares = [
        [_share([s * value for s, value in zip(flip, column, strict=True)]) for column in columns]
        for flip in signs
    ]
    left = sorted(range(len(columns)), key=lambda place: -_share(columns[place]))
    while left:
        first = left[0]
        reached = sum(max(flip[place] for place in left) >= _share(columns[first])
                      for flip in shares)  # fmt: skip
        p[first] = max([reached / len(signs), *p.values()])
        left = left[1:]
    return [p[place] for place in range(len(columns))]


@pytest.fixture
def plain(monkeypatch):
    """No set of contrasts is so small that t is moderated."""
    monkeypatch.setattr(moderated, "MOST", 0)


@pytest.mark.parametrize("case", range(40))
def test_ties_on_a_grid_of_evaluations_are_counted_exactly(case, plain):
    random = np.random.default_rng(case)
    seeds, contrasts = int(random.integers(2, 8)), int(random.integers(1, 5))
    grid = random.integers(-2, 4, (seeds, contrasts))
    if case % 4 == 0:
        grid[:, 0] = random.choice([-3, 3])  # no scatter at all
    step, base = random.choice([0.1, 0.3, 1e-3, 12.8]), random.choice([0.0, 1000.1])
    D = (base + step * grid) - base  # as differences come, with a rounding each
    expected = _stepped_down([[int(value) for value in column] for column in grid.T])
    assert max_t.adjusted(D) == pytest.approx(expected, abs=1e-12)
    assert (max_t.adjusted(D) >= 2 / 2**seeds).all()


@pytest.mark.parametrize("value", [-0.5, 1e-150, 3.7e60])
@pytest.mark.parametrize("seeds", [2, 6, 14, 20])
def test_differences_without_scatter_are_as_sure_as_signs_can_be(value, seeds):
    noise = 1 + 1e-14 * np.random.default_rng(0).normal(size=seeds)
    D = np.column_stack([np.full(seeds, value), value * noise])
    least = max(2 / 2**seeds, 1 / max_t.FLIPS)
    assert max_t.adjusted(D) == pytest.approx(2 * [least])
    for column in D.T:
        assert estimate(pd.Series(column), 0.05).p == 2 / 2**seeds
    table = estimates(D, 0.05, exact=seeds >= 6)
    assert (table["p_holm"] >= 2 / 2**seeds).all()


def test_no_p_is_below_what_its_seeds_allow_where_flips_are_drawn():
    random = np.random.default_rng(1)
    D = random.normal(5, 1, (20, 3))
    D[6:, 1] = np.nan
    p = max_t.adjusted(D)
    assert p[[0, 2]] == pytest.approx(1 / max_t.FLIPS, rel=0.1)
    assert 2 / 2**6 <= p[1] < 2.4 / 2**6
    one_sided = max_t.above(D)
    assert one_sided[1] >= 1 / 2**6
    assert one_sided[0] >= 1 / (2 * max_t.FLIPS)


def _rarity(column, least):
    """The larger, the rarer: by the tail of t, at most `least`; then by seeds; then by |t|."""
    values = column[np.isfinite(column)]
    t = abs(float(stats.ttest_1samp(values, 0).statistic))
    tail = 2 * stats.t.sf(t, len(values) - 1)
    return -max(tail, least), len(values), round(t, 7)


@pytest.mark.parametrize("case", range(12))
def test_contrasts_of_different_numbers_of_seeds_are_compared_by_how_rare_they_are(case, plain):
    random = np.random.default_rng(case)
    D = random.normal(0.7, 1, (7, 3))
    D[0, 1] = D[[2, 3, 5], 2] = np.nan
    flips = [[_rarity(column, 2 / 2**7) for column in (D * np.array(flip)[:, None]).T]
             for flip in _signs(7)]  # fmt: skip
    left, p = sorted(range(3), key=lambda place: flips[0][place])[::-1], {}
    while left:
        rarest = [max(flip[place] for place in left) for flip in flips]
        share = np.mean([each >= flips[0][left[0]] for each in rarest])
        p[left[0]] = max([share, *p.values()])
        left = left[1:]
    assert max_t.adjusted(D).tolist() == pytest.approx([p[place] for place in range(3)])


@pytest.mark.parametrize("spread", [0.12, 0.02, 0.0])
def test_a_contrast_with_few_seeds_does_not_lift_the_p_of_a_whole_one(spread):
    whole = np.random.default_rng(2).normal(1.0, 0.25, 12)
    few = np.full(12, np.nan)
    few[:6] = 0.7 + spread * np.array([1, -1, 2, -2, 1.5, -1.5])
    p = max_t.adjusted(np.column_stack([whole, few]))
    assert p[0] == max_t.adjusted(whole[:, None])[0] == 2 / 2**12
    assert 2 / 2**6 <= p[1] < 0.034


@pytest.mark.parametrize("wrong", [np.inf, -np.inf, 1e200])
def test_a_difference_that_is_not_finite_is_refused(wrong):
    D = np.ones((6, 2))
    D[3, 1] = wrong
    for ask in (max_t.adjusted, max_t.above, lambda D: estimates(D, 0.05, exact=True)):
        with pytest.raises(HarnessError, match=r"not finite.*row 4 and contrast 2"):
            ask(D)


def _one_sided(values):
    t = sum(values)
    flips = [sum(s * value for s, value in zip(flip, values, strict=True))
             for flip in _signs(len(values))]  # fmt: skip
    return sum(each >= t for each in flips) / len(flips)


@pytest.mark.parametrize("case", range(12))
def test_equivalence_is_two_one_sided_sign_flip_tests_by_holm(case):
    random = np.random.default_rng(case)
    whole = random.integers(-6, 7, (8, 3))  # in units of a tenth of the margin
    D, half = whole / 10.0, np.ones(3)
    found = assess_equivalence(D, half, np.ones(3, bool), 0.05)
    expected = [
        max(_one_sided([int(v) + 10 for v in column]), _one_sided([10 - int(v) for v in column]))
        for column in whole.T
    ]
    assert found["p_equivalence"].tolist() == pytest.approx(expected)
    adjusted = max_t.holm(pd.Series(expected))
    assert found["p_equivalence_adjusted"].tolist() == pytest.approx(adjusted.tolist())
    assert found["equivalent"].tolist() == (adjusted <= 0.05).tolist()


def test_equivalence_needs_the_seeds_of_the_test_and_a_margin():
    D = np.zeros((6, 4))
    D[1:, 1] = np.nan
    D[5, 2] = np.nan
    margins = np.array([1.0, 1.0, 1.0, np.nan])
    found = assess_equivalence(D, margins, np.ones(4, bool), 0.05)
    assert found["equivalent"].tolist() == [True, False, False, False]
    assert found["p_equivalence"][0] == 1 / 2**6
    assert not assess_equivalence(D[:2], margins, np.ones(4, bool), 0.05)["equivalent"].any()
    assert not assess_equivalence(D, margins, np.zeros(4, bool), 0.05)["equivalent"].any()
