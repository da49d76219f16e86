"""What a plan can find: the scatter of a pilot, and the power of a paired t by integration."""

import numpy as np
import pytest
from scipy import integrate, stats
from statsmodels.stats.power import TTestPower

from harness.analysis.effects import differences
from harness.analysis.power import detectable, standardised
from harness.plan.drafts import Contrast
from harness.plan.reach import Reach
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


def _pilot(tmp_path, scatter, seeds=400):
    """Two tips: one whose differences scatter by 0.01, another by `scatter` in addition."""
    plan, rng = planned(tmp_path, f"{TWO}factorial\n", seeds), np.random.default_rng(0)

    def value(levels, seed):
        # what cells of a seed share is in no difference; the second tip's own effect is
        wild = np.random.default_rng(seed).normal(0, scatter) * (levels["spectral_norm"] == "on")
        return 0.5 * np.sin(seed) + wild + rng.normal(0, 0.01)

    return frames(plan, value)


def _contrasts(plan, names):
    return [
        Contrast(each.name, each.title, each.weights, each.design, each.name)
        for each in plan.contrasts
        if each.name in names
    ]


TIPS = ("batch_norm_in_discriminator", "spectral_norm")


def test_each_contrast_has_the_scatter_that_the_pilots_has(tmp_path):
    """A wild tip leaves the others as they are: nothing is pooled."""
    pilot = _pilot(tmp_path, 0.5)
    contrasts = _contrasts(pilot.plan, TIPS)
    found = detectable(Reach(6, 2, 0.05), contrasts, pilot)
    assert (found.pilot, found.objective, found.alpha) == ("a", "final", 0.025)
    assert [one.contrast for one in found.found] == list(TIPS)
    assert found.lacking == ()
    for one, contrast in zip(found.found, contrasts, strict=True):
        sd = differences(pilot.trials, contrast.weights)["difference"].std()
        assert one.sd == pytest.approx(sd)
        assert one.effect == pytest.approx(sd * standardised(6, 0.025))
        assert one.pilot_seeds == 400
    calm, wild = found.found
    assert wild.sd == pytest.approx(0.5, rel=0.1)
    assert calm.sd == pytest.approx(0.01, rel=0.1)  # half of the sum of four, of 0.01 each
    assert detectable(Reach(6, 2, 0.05), contrasts[:1], pilot).found == (calm,)


def test_of_a_contrast_that_the_pilot_lacks_nothing_is_known(tmp_path):
    pilot = _pilot(tmp_path, 0.5)
    (one,) = _contrasts(pilot.plan, TIPS[:1])
    pair = Contrast(TIPS[1], "", {"a": 1.0, "b": -1.0}, "one_at_a_time", TIPS[1])
    found = detectable(Reach(6, 2, 0.05), [one, pair], pilot)  # a pair scatters otherwise
    assert found.lacking == (TIPS[1],)
    assert found.others[0] == found.found[0].effect < found.others[1]


def test_seeds_in_which_a_side_diverged_are_no_scatter(tmp_path):
    pilot = _pilot(tmp_path, 0.0, 8)
    before = detectable(Reach(6, 2, 0.05), _contrasts(pilot.plan, TIPS), pilot)
    lost = pilot.trials["seed"] == 3
    pilot.trials.loc[lost, ["final", "status"]] = [9.0, "diverged"]
    after = detectable(Reach(6, 2, 0.05), _contrasts(pilot.plan, TIPS), pilot)
    assert [one.pilot_seeds for one in after.found] == [7, 7]
    assert max(one.sd for one in after.found) < 2 * max(one.sd for one in before.found)


def test_nothing_is_said_where_pilot_or_seeds_are_too_few(tmp_path):
    one = _pilot(tmp_path, 0.1, 1)
    assert detectable(Reach(6, 2, 0.05), _contrasts(one.plan, TIPS), one) is None
    two = _pilot(tmp_path, 0.1, 2)
    assert detectable(Reach(1, 2, 0.05), _contrasts(two.plan, TIPS), two) is None
