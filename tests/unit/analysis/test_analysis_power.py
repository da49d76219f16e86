"""What a plan can find: the scatter of a pilot, and the power of a paired t by integration."""

import numpy as np
import pytest
from scipy import integrate, stats
from statsmodels.stats.power import TTestPower

from harness.analysis.power import detectable, scatter, standardised
from harness.design.reach import Reach
from tests.crossed import frames, planned

TWO = "heuristics: [batch_norm_in_discriminator, spectral_norm]\ndesign: "


def power(size, seeds, alpha):
    """Power of a two-sided paired t: the normal tail, averaged over the scatter of the sd."""
    limit, freedom = stats.t.ppf(1 - alpha / 2, seeds - 1), seeds - 1
    shift, root = size * np.sqrt(seeds), np.sqrt(freedom)

    def rejected(sd):
        tails = stats.norm.sf(limit * sd - shift) + stats.norm.cdf(-limit * sd - shift)
        return stats.chi.pdf(sd * root, freedom) * root * tails

    below = integrate.quad(rejected, 0, 1, limit=500, points=[0.001, 0.01, 0.1])[0]
    return below + integrate.quad(rejected, 1, 8, limit=500)[0]


@pytest.mark.parametrize("seeds", [2, 3, 6, 10, 50])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 3, 0.05 / 60])
def test_the_detectable_effect_has_a_power_of_80_percent(seeds, alpha):
    assert power(standardised(seeds, alpha), seeds, alpha) == pytest.approx(0.8, abs=2e-6)


def test_it_is_that_of_statsmodels_where_that_converges():
    for seeds, alpha in ((6, 0.05), (10, 0.01)):
        expected = TTestPower().solve_power(nobs=seeds, alpha=alpha, power=0.8)
        assert standardised(seeds, alpha) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("design", ["factorial", "fractional"])
def test_the_scatter_of_a_cell_is_found_from_differences(tmp_path, design):
    """Whatever cells of a seed share does not count; 400 seeds find 0.02 to within 5 %."""
    text = f"{TWO.replace(']', ', adam_beta_1_half]')}{design}\n"
    plan, rng = planned(tmp_path, text, 400), np.random.default_rng(0)
    found = frames(plan, lambda levels, seed: 0.5 * np.sin(seed) + rng.normal(0, 0.02))
    assert scatter(found) == pytest.approx(0.02, rel=0.05)


def test_the_effect_for_a_plan_of_other_contrasts_than_the_pilots(tmp_path):
    plan, rng = planned(tmp_path, f"{TWO}factorial\n", 5), np.random.default_rng(0)
    pilot = frames(plan, lambda levels, seed: rng.normal(0, 0.02))
    pairs = [{"a": 1, "b": -1}, {"a": 0.5, "b": 0.5, "c": -0.5, "d": -0.5}]
    found = detectable(Reach(6, 2, 0.05), pairs, pilot)
    assert found.pilot == "a"
    assert found.sd == pytest.approx(scatter(pilot) * np.sqrt(2))  # a pair scatters most
    assert found.alpha == 0.025
    assert found.effect == pytest.approx(found.sd * standardised(6, 0.025))


def test_nothing_is_said_where_pilot_or_seeds_are_too_few(tmp_path):
    one = frames(planned(tmp_path, f"{TWO}factorial\n", 1), lambda levels, seed: 0.1)
    assert detectable(Reach(6, 2, 0.05), [{"a": 1, "b": -1}], one) is None
    two = frames(planned(tmp_path, f"{TWO}factorial\n", 2), lambda levels, seed: 0.1 * seed)
    assert detectable(Reach(1, 2, 0.05), [{"a": 1, "b": -1}], two) is None
