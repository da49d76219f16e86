"""Sample sizes against brute force: studies are drawn and judged by the functions of the report."""

from itertools import product

import numpy as np
import pytest
from scipy import integrate, stats
from statsmodels.stats.power import TTestPower

from harness.analysis import sample_size
from harness.analysis.effects import estimates
from harness.analysis.equivalence import assess_equivalence
from harness.analysis.moderated import moderates
from harness.analysis.sample_size import (
    detected_size,
    detection_power,
    detection_seeds,
    equivalence_power,
    equivalence_seeds,
)


def paired_t(size, seeds, alpha):
    """Power of a two-sided paired t: the normal tail, averaged over the scatter of the sd."""
    limit, freedom = stats.t.ppf(1 - alpha / 2, seeds - 1), seeds - 1
    shift, root = size * np.sqrt(seeds), np.sqrt(freedom)

    def rejected(sd):
        tails = stats.norm.sf(limit * sd - shift) + stats.norm.cdf(-limit * sd - shift)
        return stats.chi.pdf(sd * root, freedom) * root * tails

    below = integrate.quad(rejected, 0, 1, limit=500, points=[0.001, 0.01, 0.1])[0]
    return below + integrate.quad(rejected, 1, 8, limit=500)[0]


@pytest.mark.parametrize(("seeds", "level"), [(15, 1e-4), (24, 1e-7)])
def test_few_p_values_of_many_seeds_are_not_simulated(seeds, level):
    size = detected_size(seeds, level, 1)
    assert paired_t(size, seeds, level) == pytest.approx(0.8, abs=1e-4)
    assert equivalence_power(10.0, seeds, level, 1) == pytest.approx(1)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10, 50])
@pytest.mark.parametrize("contrasts", [1, 3, 60])
def test_the_detected_size_has_a_power_of_80_percent(seeds, contrasts):
    size = detected_size(seeds, 0.05, contrasts)
    assert paired_t(size, seeds, 0.05 / contrasts) == pytest.approx(0.8, abs=2e-6)


def test_it_is_that_of_statsmodels_where_that_converges():
    for seeds, alpha in ((5, 0.05), (10, 0.01)):
        contrasts = 1 if seeds == 5 else 2
        expected = TTestPower().solve_power(nobs=seeds, alpha=alpha, power=0.8)
        found = detected_size(seeds, alpha * contrasts, contrasts)
        assert found == pytest.approx(expected, rel=1e-5)


def test_six_seeds_detect_only_what_every_seed_shows():
    """Alone at 0.05: every sign must be the same, with a probability that is known."""
    for size in (1.0, 1.8):
        expected = stats.norm.cdf(size) ** 6 + stats.norm.cdf(-size) ** 6
        assert detection_power(size, 6, 0.05, 1) == pytest.approx(expected, abs=0.03)


def test_seven_seeds_call_equivalent_only_what_never_leaves_the_margin():
    """Of six contrasts at 0.05: 6 / 2^7 is allowed, and twice as much is not."""
    for margin in (1.5, 2.5):
        expected = (2 * stats.norm.cdf(margin) - 1) ** 7
        assert equivalence_power(margin, 7, 0.05, 6) == pytest.approx(expected, abs=0.03)


def test_the_power_of_equivalence_is_that_of_drawn_means_and_deviations():
    rng = np.random.default_rng(0)
    for seeds, margin, contrasts in ((20, 0.9, 6), (12, 1.2, 1), (300, 0.2, 40)):
        mean = rng.normal(0, 1 / np.sqrt(seeds), 100_000)
        error = np.sqrt(rng.chisquare(seeds - 1, 100_000) / (seeds - 1) / seeds)
        limit = stats.t.ppf(1 - 0.05 / contrasts, seeds - 1)
        inside = (mean - limit * error > -margin) & (mean + limit * error < margin)
        assert equivalence_power(margin, seeds, 0.05, contrasts) == pytest.approx(
            inside.mean(), abs=0.006
        )
    assert equivalence_power(0.01, 20, 0.05, 6) == pytest.approx(0.0, abs=1e-6)


def flipped(differences):
    """All means / roots of mean squares under flips of signs, the observed one first."""
    signs = np.array(list(product((1.0, -1.0), repeat=differences.shape[-1])))
    squares = differences.shape[-1] * (differences**2).sum(-1, keepdims=True)
    return differences @ signs.T / np.sqrt(squares)


@pytest.mark.parametrize(("seeds", "contrasts"), [(6, 1), (7, 3)])
def test_simulated_detections_are_those_of_counted_flips(seeds, contrasts):
    drawn = sample_size._draws(seeds)[:200]
    others = sample_size._others(seeds, contrasts)[:200]
    low, high = (ends[:200] for ends in sample_size._sizes(seeds, 0.05, contrasts))
    for size in (0.0, 0.4, 1.3, 3.0):
        shares = np.abs(flipped(drawn + size))[:, : 2 ** (seeds - 1)]
        reached = np.maximum(shares, others) >= shares[:, :1] - 1e-9
        detected = reached.mean(1) <= 0.05
        assert detected.tolist() == ((size < low) | (size > high)).tolist()


@pytest.mark.parametrize(("seeds", "level"), [(6, 0.05), (7, 0.05 / 3), (8, 0.05 / 6)])
def test_simulated_equivalence_is_that_of_counted_flips(seeds, level):
    drawn = sample_size._draws(seeds)[:200]
    margins = sample_size._margins(seeds, level)[:200]
    for margin in (0.2, 0.9, 1.6, 3.0):
        both = np.ones(len(drawn), bool)
        for inside in (drawn + margin, margin - drawn):
            shares = flipped(inside)
            both &= (shares >= shares[:, :1] - 1e-9).sum(1) <= level * 2**seeds
        assert both.tolist() == (margins < margin).tolist()


def test_a_level_that_no_flip_reaches_detects_nothing():
    assert detected_size(6, 0.03, 1) is None
    assert equivalence_power(10.0, 6, 0.05, 4) == 0.0


def test_many_contrasts_are_simulated_once():
    """A plan asks for each of them, with sizes of its own."""
    sample_size._margins.cache_clear()
    sample_size._sizes.cache_clear()
    for place in range(50):
        detection_seeds(0.8 + place / 50, 0.05, 60)
        equivalence_seeds(0.8 + place / 50, 0.05, 60)
    assert sample_size._margins.cache_info().misses <= 9  # numbers of seeds
    assert sample_size._sizes.cache_info().misses <= 3


def judged(size, seeds, contrasts, studies):
    """The share of drawn studies whose first contrast, alone of some size, is detected."""
    rng, hits = np.random.default_rng(seeds), 0
    for _ in range(studies):
        D = rng.normal(size=(seeds, contrasts))
        D[:, 0] += size
        hits += estimates(D, 0.05, seeds >= 6)["p_adjusted"][0] <= 0.05
    return hits / studies


def as_promised(power, contrasts, error):
    """The moderated t, where contrasts scatter alike as here, detects more than is promised."""
    return power > 0.8 - error and (moderates(contrasts) or power < 0.8 + error)


def called_equivalent(margin, seeds, contrasts, studies):
    """Of drawn studies whose other contrasts are none of them equivalent."""
    rng, hits = np.random.default_rng(seeds), 0
    margins, reached = np.full(contrasts, margin), np.ones(contrasts, bool)
    for _ in range(studies):
        D = rng.normal(size=(seeds, contrasts))
        D[:, 1:] += 50.0
        hits += assess_equivalence(D, margins, reached, 0.05)["equivalent"][0]
    return hits / studies


@pytest.mark.parametrize(("seeds", "contrasts"), [(6, 3), (8, 6)])
def test_the_report_detects_what_is_promised_in_four_of_five_studies(seeds, contrasts):
    size = detected_size(seeds, 0.05, contrasts)
    assert as_promised(judged(size, seeds, contrasts, 100), contrasts, 0.13)


@pytest.mark.parametrize(("margin", "contrasts"), [(2.5, 3), (1.4, 6)])
def test_the_report_calls_equivalent_what_is_promised(margin, contrasts):
    seeds = equivalence_seeds(margin, 0.05, contrasts)
    assert called_equivalent(margin, seeds, contrasts, 100) > 0.68
    assert called_equivalent(margin, seeds - 2, contrasts, 100) < 0.8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seeds", "contrasts"),
    [(6, 1), (6, 3), (6, 12), (7, 1), (7, 6), (8, 6), (9, 6), (10, 2), (12, 20)],
)
def test_detection_in_many_studies(seeds, contrasts):
    """Two standard errors of 300 studies, and what the paired t is off."""
    size = detected_size(seeds, 0.05, contrasts)
    assert as_promised(judged(size, seeds, contrasts, 300), contrasts, 0.08)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("margin", "contrasts"), [(2.5, 3), (2.5, 6), (1.4, 6), (1.0, 1), (1.0, 6), (0.8, 6)]
)
def test_equivalence_in_many_studies(margin, contrasts):
    seeds = equivalence_seeds(margin, 0.05, contrasts)
    share = called_equivalent(margin, seeds, contrasts, 300)
    assert share == pytest.approx(equivalence_power(margin, seeds, 0.05, contrasts), abs=0.08)
    assert share > 0.72


@pytest.mark.parametrize("contrasts", [1, 6])
def test_seeds_are_the_fewest(contrasts):
    for size in (0.4, 0.8, 1.5):
        fewest = detection_seeds(size, 0.05, contrasts)
        assert detection_power(size, fewest, 0.05, contrasts) >= 0.8
        assert all(detection_power(size, n, 0.05, contrasts) < 0.8 for n in range(6, fewest))
        fewest = equivalence_seeds(size, 0.05, contrasts)
        assert equivalence_power(size, fewest, 0.05, contrasts) >= 0.8
        assert equivalence_power(size, fewest - 1, 0.05, contrasts) < 0.8


def test_no_fewer_seeds_are_named_than_the_exact_tests_need():
    sure = float("inf")
    assert detection_seeds(sure, 0.05, 6) == 6
    assert detection_seeds(sure, 0.01, 6) == 8  # 2 / 2^8 is the first p below
    assert equivalence_seeds(sure, 0.05, 6) == 7  # 6 / 2^7
    assert equivalence_seeds(sure, 0.05, 40) == 10
    assert detected_size(6, 0.01, 6) is None


def test_what_no_study_can_have_is_no_number_of_seeds():
    assert detection_seeds(0.05, 0.05, 6) is None
    assert equivalence_seeds(0.05, 0.05, 6) is None
    assert detection_seeds(0.15, 0.05, 6) < 1000


def test_the_same_number_every_time():
    first = detected_size(6, 0.05, 4), equivalence_power(1.7, 8, 0.05, 4)
    sample_size._draws.cache_clear()
    sample_size._others.cache_clear()
    assert (detected_size(6, 0.05, 4), equivalence_power(1.7, 8, 0.05, 4)) == first
