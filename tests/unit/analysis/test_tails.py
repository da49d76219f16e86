"""Tails and quantiles: those of SciPy's distributions, to the last bit where nothing is solved."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from harness.analysis import tails

RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(size=500) * 10 ** RANDOM.uniform(-3, 2, 500)
FREEDOM = RANDOM.integers(1, 60, 500).astype(float)
SHARES = 1 - 10 ** RANDOM.uniform(-12, 0, 500)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (tails.t_above(VALUES, FREEDOM), stats.t.sf(VALUES, FREEDOM)),
        (tails.t_quantile(SHARES, FREEDOM), stats.t.ppf(SHARES, FREEDOM)),
        (tails.normal_above(VALUES), stats.norm.sf(VALUES)),
        (tails.normal_below(VALUES), stats.norm.cdf(VALUES)),
        (tails.normal_density(VALUES), stats.norm.pdf(VALUES)),
        (tails.chi_density(np.abs(VALUES), 7.0), stats.chi.pdf(np.abs(VALUES), 7.0)),
        (tails.chi_square_above(3.2, 5), stats.chi2.sf(3.2, 5)),
    ],
)
def test_they_are_those_of_the_distributions(ours, theirs):
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("size", "seeds", "level"), [(0.3, 5, 0.02), (1.0, 12, 0.001), (2, 3, 0.1)]
)
def test_the_noncentral_t_is_the_power_of_statsmodels(size, seeds, level):
    limit = -tails.t_quantile(level, seeds - 1)
    power = tails.shifted_t_above(limit, seeds - 1, size * np.sqrt(seeds))
    expected = TTestPower().power(size, seeds, level, alternative="larger")
    assert power == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("total", [1, 6, 24])
def test_shares_and_signs_are_those_of_the_binomial_distribution(total):
    for count in range(total + 1):
        exact = stats.binomtest(count, total)
        span = exact.proportion_ci(0.95, method="exact")
        low, high = tails.binomial_interval(count, total)
        assert (low, high) == pytest.approx((span.low, span.high), rel=1e-11)  # solved in steps
        assert tails.sign_test(count, total) == pytest.approx(exact.pvalue, rel=1e-12)


def test_nothing_that_plans_and_reports_share_loads_all_distributions():
    code = (
        "import sys; import harness.analysis.power, harness.analysis.course, harness.report.data; "
        "print(*sys.modules)"
    )
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert "scipy.special" in loaded
    assert not {"scipy.stats", "scipy.optimize", "statsmodels"} & {*loaded}
