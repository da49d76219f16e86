"""Intervals that decide on equivalence: within the region exactly where the tests say so."""

import math

import numpy as np
import pytest

from harness.analysis.deciding import deciding_intervals, invert
from harness.analysis.effects import estimate_effects
from harness.analysis.equivalence import assess_equivalence
from harness.analysis.frame import load
from tests.synthetic import TIDY, build

ALPHA = 0.05


def _tests(D, margin):
    reached = np.ones(D.shape[1], bool)
    return assess_equivalence(D, np.full(D.shape[1], margin), reached, ALPHA)


@pytest.mark.parametrize("seeds", [7, 9])
def test_an_interval_is_within_the_region_where_both_tests_reject(seeds):
    random = np.random.default_rng(seeds)
    D = random.normal(random.normal(0, 0.6, 4), 1.0, (seeds, 4))
    words = set()
    for margin in np.linspace(0.2, 3.0, 15):
        table = _tests(D, margin)
        ends = invert(D, table["p_equivalence"].to_numpy(), ALPHA)
        within = (-margin < ends[:, 0]) & (ends[:, 1] < margin)
        assert within.tolist() == table["equivalent"].tolist(), margin
        words |= set(within)
    assert words == {True, False}


def test_one_contrast_alone_has_ninety_per_cent():
    """Near the t-interval of that level, which assumes more."""
    x = np.random.default_rng(3).normal(0.1, 1.0, (12, 1))
    ((low, high),) = invert(x, np.array([0.04]), ALPHA)
    half = 1.796 * x.std(ddof=1) / math.sqrt(12)  # t of 11 degrees of freedom at 0.95
    assert (low, high) == pytest.approx((x.mean() - half, x.mean() + half), abs=0.06)


def test_too_few_seeds_for_the_level_give_none():
    D = np.random.default_rng(0).normal(0, 1, (6, 4))  # 1 / 2⁶ is above 0.05 / 4
    assert np.isnan(invert(D, _tests(D, 0.1)["p_equivalence"].to_numpy(), ALPHA)).all()
    assert np.isnan(invert(D, np.full(4, np.nan), ALPHA)).all()


def test_of_a_study(tmp_path):
    frames = load(TIDY.run_name, build(tmp_path, TIDY))
    table = estimate_effects(frames)
    spans = deciding_intervals(frames, table)
    assert set(spans) == set(table["contrast"])
    for row in table.itertuples():
        low, high = spans[row.contrast]
        assert low < row.effect < high
        assert (-row.margin < low and high < row.margin) == row.equivalent
