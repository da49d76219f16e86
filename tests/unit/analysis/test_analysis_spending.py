"""Sign flips with error spending against counts by hand, and nominal levels and intervals."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from harness.analysis import repeated, spending
from harness.plan.looks import Looks, spent_on_difference

SIX = Looks(0.05, 6, 24, (9, 12, 15, 18, 24), 0.1)
MARGIN = 11.8


def test_the_first_columns_hold_every_pattern_equally_often():
    flips = spending._flips(9, 24)
    assert flips.shape == (24, 512 * 40)
    assert (flips[:, 0] == 1).all()
    assert (np.abs(flips) == 1).all()
    patterns, counts = np.unique(flips[:9], axis=1, return_counts=True)
    assert patterns.shape[1] == 512
    assert (counts == 40).all()
    share = (flips[9:] > 0).mean(1)
    assert np.abs(share - 0.5).max() < 0.02
    assert np.abs(np.corrcoef(flips) - np.eye(24)).max() < 0.04


def test_more_seeds_leave_the_signs_of_the_others():
    assert np.array_equal(spending._flips(9, 12), spending._flips(9, 24)[:12])


def shares_by_hand(x, margin, signs):
    """|t|, t of x + margin and t of margin − x under each sign pattern."""
    columns = []
    for values in (x, x + margin, margin - x):
        flipped = signs * values
        t = flipped.mean(1) / (flipped.std(1, ddof=1) / math.sqrt(len(values)))
        columns.append(t)
    return np.abs(columns[0]), columns[1], columns[2]


def test_a_share_orders_as_t_does():
    x = np.random.default_rng(0).normal(5, 15, 7)
    signs = np.array(list(itertools.product((1, -1), repeat=7)))
    shares = spending._shares(x[:, np.newaxis], np.array([MARGIN]), signs.T.astype(float))
    for share, t in zip(shares[:, 0], shares_by_hand(x, MARGIN, signs), strict=True):
        assert share * np.sqrt(6 / (1 - share**2)) == pytest.approx(t)


def path_by_hand(values, budgets, limits):
    """Rows in turn, the largest first; whole groups of equal values, as many as still fit.

    limits: by look, what no row that crosses may be below; raised to what does not fit here.
    """
    alive, spent, crossed = set(range(len(values[0]))), 0, {}
    for look, (row, budget) in enumerate(zip(values, budgets, strict=True)):
        groups = {}
        for place in alive:
            groups.setdefault(round(float(row[place]), 9), []).append(place)
        for value in sorted(groups, reverse=True):
            if spent + len(groups[value]) > budget or value <= limits[look]:
                limits[look] = max(limits[look], value)
                break
            spent += len(groups[value])
            crossed |= dict.fromkeys(groups[value], (look, value))
        alive -= set(crossed)
    return crossed


@pytest.mark.parametrize("ties", [False, True])
def test_paths_are_those_of_rows_taken_one_by_one(ties):
    """All 2⁸ patterns, looks at 5, 7 and 8 seeds, two levels; each pattern once the observed."""
    random = np.random.default_rng(1)
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=8)))
    x = random.normal(8, 10, 8).round(-1 if ties else 6) + 1
    budgets = np.array([[9, 20], [14, 41], [25, 51]])
    looks = [np.abs(signs[:, :n] @ x[:n]) / np.sqrt(n * (x[:n] ** 2).sum()) for n in (5, 7, 8)]
    limits = [-1.0] * 3
    larger = path_by_hand(looks, budgets[:, 1], limits)
    expected = [path_by_hand(looks, budgets[:, 0], limits), larger]
    rejected = [0, 0]
    for first in range(len(signs)):
        order = [first, *range(first), *range(first + 1, len(signs))]
        crossed, boundaries = spending._path([look[order] for look in looks], budgets)
        for level, by_hand in enumerate(expected):
            assert crossed[level] == by_hand.get(first, (spending.NEVER,))[0]
            rejected[level] += first in by_hand
            # beyond the look that rejects at all levels there is nothing to compute
            done = crossed.max() if crossed.min() >= 0 else 2
            for look in range(done + 1):
                values = [value for when, value in by_hand.values() if when == look]
                smallest = min(values, default=math.nan)
                assert boundaries[level, look] == pytest.approx(smallest, nan_ok=True)
    assert 0 < rejected[0] <= 25, "as many patterns reject as the level allows"
    assert rejected[0] < rejected[1] <= 51


def test_what_a_level_rejects_all_larger_ones_reject_too():
    """As early, or earlier; else Holm's levels would reject more than their largest does."""
    random = np.random.default_rng(4)
    design, steps = Looks(0.05, 5, 24, (9, 12, 15, 18, 24), 0.1), 0
    for _ in range(25):
        x = random.normal(0, 17, (24, 5)) + np.array([-60, 22, 18, 14, 11])
        looks = [x[:n] for n in design.looks]
        paths = spending.crossings(design, looks, np.full(5, MARGIN), range(5))
        for test in (paths.difference, paths.above, paths.below):
            when = np.where(test.crossed < 0, 99, test.crossed)
            assert (np.diff(when) <= 0).all()
            steps += (np.diff(when) < 0).sum()
    assert steps > 25


def test_the_first_look_is_the_exact_test_at_what_is_spent():
    """512 patterns counted by hand, for effects on both sides of the boundary."""
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=9)))
    random, results = np.random.default_rng(2), []
    spent = 0.05 * spent_on_difference(9 / 24)
    for effect in np.linspace(0, 2.5, 40):
        x = random.normal(effect, 1, (9, 6))
        paths = spending.crossings(SIX, [x], np.full(6, np.nan), range(6))
        for column in range(6):
            sums = np.abs(signs @ x[:, column])
            p = (sums >= sums[0] - 1e-9).mean()  # all +1 is the first pattern
            for index in range(6):
                rejected = bool(paths.difference.crossed[column, index] == 0)
                # the smallest p at which a whole group of equal values still fits
                assert rejected == (p <= spent / (6 - index)), (p, index)
                results.append(rejected)
    assert 0.1 < np.mean(results) < 0.9


def test_without_a_margin_nothing_is_equivalent():
    x = np.random.default_rng(3).normal(0, 1, (24, 6))
    looks = [x[:n] for n in SIX.looks]
    paths = spending.crossings(SIX, looks, np.array([100.0] * 3 + [np.nan] * 3), range(6))
    assert (paths.equivalence[:3] >= 0).all()
    assert (paths.equivalence[3:] == spending.NEVER).all()


def test_equivalence_needs_both_sides_by_some_look():
    sides = [np.array([[0, 2, -1]]), np.array([[1, -1, -1]])]
    none = np.full((1, 3, 3), np.nan)
    above, below = (spending.Rejections(crossed, none) for crossed in sides)
    paths = spending.Crossings(above, above, below)
    assert paths.equivalence.tolist() == [[1, -1, -1]]


def test_memory_is_bounded_and_chunks_change_nothing(monkeypatch):
    x = np.random.default_rng(4).normal(3, 10, (15, 6))
    looks, margins = [x[:9], x[:12], x], np.full(6, MARGIN)
    whole = spending.crossings(SIX, looks, margins, range(6))
    widths = []
    shares = spending._shares
    monkeypatch.setattr(spending, "_CHUNK", 2 * 3 * 3 * 20480)
    monkeypatch.setattr(
        spending, "_shares", lambda d, *rest: widths.append(d.shape[1]) or shares(d, *rest)
    )
    parts = spending.crossings(SIX, looks, margins, range(6))
    assert max(widths) == 2
    for kind in ("difference", "above", "below"):
        one, other = getattr(whole, kind), getattr(parts, kind)
        assert np.array_equal(one.crossed, other.crossed)
        # a product of another shape may be rounded otherwise, by less than what counts as a tie
        np.testing.assert_allclose(one.boundaries, other.boundaries, rtol=0, atol=1e-12)


def test_seeds_that_lack_spend_less_and_later_ones_no_more():
    x = np.ones(24)
    lacking = x.copy()
    lacking[[2, 5]] = np.nan
    whole = spending._budgets(SIX, [x[:9], x[:12], x], 20480)
    part = spending._budgets(SIX, [lacking[:9], lacking[:12], lacking], 20480)
    for one, other in zip(whole, part, strict=True):
        assert (other <= one).all()
    assert whole[0][0, 0] == 84  # ⌊.05/6 × ln(1 + (e − 1) 9/24) × 20480⌋
    assert part[0][0, 0] == 69  # ⌊.05/6 × ln(1 + (e − 1) 7/24) × 20480⌋
    assert whole[0][-1].tolist() == [170, 204, 256, 341, 512, 1024]
    more = spending._budgets(SIX, [x, np.ones(40)], 20480)
    assert (more[0][0] == more[0][1]).all()
    assert (more[1][0] == more[1][1]).all()


def test_nominal_levels_are_those_of_the_document():
    times = tuple(n / 24 for n in SIX.looks)
    levels = repeated.nominal_levels(0.05 / 6, times)
    assert levels == pytest.approx((0.00404, 0.00204, 0.00187, 0.00185, 0.00243), rel=0.05)
    assert levels[0] == pytest.approx(0.05 / 6 * spent_on_difference(9 / 24))


def test_nominal_levels_spend_what_is_declared():
    """Two looks: the probability to cross neither, of a bivariate normal."""
    t = 0.4
    levels = repeated.nominal_levels(0.05, (t, 1.0))
    bounds = stats.norm.isf(np.array(levels) / 2)
    normal = stats.multivariate_normal([0, 0], [[1, math.sqrt(t)], [math.sqrt(t), 1]])
    neither = normal.cdf(bounds, lower_limit=-bounds)
    assert 1 - neither == pytest.approx(0.05, abs=1e-5)


def test_looks_close_together_are_integrated_well():
    """Each look adds what is spent to what crossed before: simulated Brownian paths."""
    times = tuple(n / 60 for n in range(20, 61, 2))
    levels = repeated.nominal_levels(0.2, times)
    steps = np.random.default_rng(5).standard_normal((20_000, 21))
    steps *= np.sqrt(np.diff((0.0, *times)))
    crossed = np.abs(steps.cumsum(1) / np.sqrt(times)) >= stats.norm.isf(np.array(levels) / 2)
    spent = np.logical_or.accumulate(crossed, 1).mean(0)
    expected = [0.2 * spent_on_difference(t) for t in times]
    assert spent == pytest.approx(expected, abs=4 * math.sqrt(0.2 * 0.8 / 20_000))


def test_repeated_intervals():
    x = np.random.default_rng(6).normal(3, 2, 12)
    low, high = repeated.repeated_interval(SIX, [x[:9], x])
    level = repeated.nominal_levels(0.05 / 6, (9 / 24, 12 / 24))[1]
    expected = stats.t.interval(1 - level, 11, x.mean(), stats.sem(x))
    assert (low, high) == pytest.approx(expected)
    alone = repeated.repeated_interval(SIX, [x[:9]])
    crashed = np.append(x[:9], [np.nan] * 3)
    assert repeated.repeated_interval(SIX, [x[:9], crashed]) == alone, "nothing more to spend"
    assert repeated.repeated_interval(SIX, [x[:1]]) is None


def predictive_by_hand(n, mean, sd, margin):
    """The final mean is normal about the present one, and decides with the final bounds."""
    spread = sd * math.sqrt(1 / n - 1 / 24)
    grid = np.linspace(mean - 12 * spread, mean + 12 * spread, 200_001)
    density = stats.norm.pdf(grid, mean, spread)
    bound = stats.t.ppf(1 - 0.05 / 12, 23) * sd / math.sqrt(24)
    inside = margin - stats.t.ppf(1 - 0.05 / 4, 23) * sd / math.sqrt(24)
    decides = (np.abs(grid) > bound) | (np.abs(grid) < inside)
    return float((density * decides).sum() * (grid[1] - grid[0]))


@pytest.mark.parametrize("mean", [-30.0, -9.0, 0.0, 6.0, 12.0])
@pytest.mark.parametrize("margin", [MARGIN, 5.0, 60.0, math.nan])
def test_predictive_power(mean, margin):
    power = repeated.predictive_power(SIX, 12, mean, 17.0, margin)
    assert power == pytest.approx(predictive_by_hand(12, mean, 17.0, margin), abs=1e-4)


def test_predictive_power_without_scatter_is_certain():
    assert repeated.predictive_power(SIX, 12, 1.0, 0.0, math.nan) == 1
    assert repeated.predictive_power(SIX, 12, 0.0, 0.0, math.nan) == 0
    assert repeated.predictive_power(SIX, 12, 0.0, 0.0, 1.0) == 1
