"""What a plan's contrasts decide: each by its own scatter in a pilot."""

from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.effects import differences
from harness.analysis.power import detectable
from harness.analysis.sample_size import detected_size, detection_seeds, equivalence_seeds
from harness.plan.drafts import Contrast
from harness.plan.reach import Reach
from tests.crossed import frames, planned

TWO = "heuristics: [batch_norm_in_discriminator, spectral_norm]\ndesign: "


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
        assert one.effect == pytest.approx(sd * detected_size(6, 0.05, 2))
        assert one.pilot_seeds == 400
    calm, wild = found.found
    assert wild.sd == pytest.approx(0.5, rel=0.1)
    assert calm.sd == pytest.approx(0.01, rel=0.1)  # half of the sum of four, of 0.01 each
    assert detectable(Reach(6, 2, 0.05), contrasts[:1], pilot).found == (calm,)


def _learnt(pilot, gain):
    """The pilot with an untrained KID, so that its reference has learnt so much."""
    reference = pilot.trials["cell"] == pilot.plan.reference
    mean = float(pilot.trials.loc[reference, "final"].mean())
    known = pilot.trials.assign(untrained=mean + gain, final_kid=pilot.trials["final"])
    return replace(pilot, trials=known)


def test_seeds_are_counted_for_the_margin_of_what_the_pilots_reference_learnt(tmp_path):
    pilot = _learnt(_pilot(tmp_path, 0.1), 2.0)
    contrasts = _contrasts(pilot.plan, TIPS)
    power = detectable(Reach(8, 2, 0.05, equivalence=0.03), contrasts, pilot)
    for one in power.found:
        assert one.margin == pytest.approx(0.06)  # by the plan's share, not the pilot's
        size = one.margin / one.sd
        assert one.detection_seeds == detection_seeds(size, 0.05, 2)
        assert one.equivalence_seeds == equivalence_seeds(size, 0.05, 2)
    calm, wild = power.found
    assert calm.equivalence_seeds == 6 < wild.equivalence_seeds
    assert power.stated is None


def test_seeds_are_counted_for_an_effect_that_is_stated(tmp_path):
    pilot = _learnt(_pilot(tmp_path, 0.1), 2.0)
    contrasts = _contrasts(pilot.plan, TIPS)
    power = detectable(Reach(8, 2, 0.05), contrasts, pilot, 0.2)
    assert power.stated == 0.2
    for one in power.found:
        assert one.detection_seeds == detection_seeds(0.2 / one.sd, 0.05, 2)
        assert one.equivalence_seeds == equivalence_seeds(one.margin / one.sd, 0.05, 2)


def test_without_an_untrained_kid_there_is_no_margin_to_plan_for(tmp_path):
    pilot = _pilot(tmp_path, 0.1, 8)
    power = detectable(Reach(8, 2, 0.05), _contrasts(pilot.plan, TIPS), pilot)
    known = [(one.margin, one.detection_seeds, one.equivalence_seeds) for one in power.found]
    assert known == [(None, None, None)] * 2
    power = detectable(Reach(8, 2, 0.05), _contrasts(pilot.plan, TIPS), pilot, 0.2)
    assert all(one.detection_seeds and one.margin is None for one in power.found)


def test_a_pilot_whose_reference_has_not_learnt_is_named(tmp_path):
    pilot = _pilot(tmp_path, 0.1, 8)
    trials = pilot.trials.assign(untrained=1.0, final_kid=0.9)
    power = detectable(
        Reach(8, 2, 0.05), _contrasts(pilot.plan, TIPS), replace(pilot, trials=trials)
    )
    assert power.unlearnt == "its final KID is 90 % of its untrained KID"


def test_differences_without_scatter_need_the_seeds_of_the_exact_tests(tmp_path):
    plan = planned(tmp_path, f"{TWO}factorial\n", 3)
    pilot = _learnt(frames(plan, lambda levels, seed: 0.25), 2.0)
    power = detectable(Reach(8, 2, 0.05), _contrasts(plan, TIPS), pilot)
    assert {(one.sd, one.detection_seeds, one.equivalence_seeds) for one in power.found} == {
        (0.0, 6, 6)
    }


def test_where_no_effect_can_be_detected_none_is_named(tmp_path):
    pilot = _learnt(_pilot(tmp_path, 0.1, 8), 2.0)
    power = detectable(Reach(6, 2, 0.01), _contrasts(pilot.plan, TIPS), pilot)
    assert ([one.effect for one in power.found], power.others) == ([None, None], None)
    assert all(one.detection_seeds >= 8 for one in power.found)


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
