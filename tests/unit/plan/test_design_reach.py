"""The smallest p that a plan's seeds can give, by brute force."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from harness.analysis.equivalence import assess_equivalence
from harness.cli.printing.plans import _equivalent
from harness.plan.reach import EXACT, Reach


def smallest(seeds, contrasts):
    """The adjusted p of the most extreme differences, over all flips of signs (max-|t|)."""
    differences = np.ones((seeds, contrasts)) + 1e-6 * np.arange(seeds)[:, None]
    flips = np.array(list(product((1, -1), repeat=seeds)))
    means = flips @ differences / seeds
    errors = np.sqrt(((differences**2).mean(axis=0) - means**2) / (seeds - 1))
    most = np.abs(means / errors).max(axis=1)
    return float((most >= most[0] * (1 - 1e-9)).mean())


@pytest.mark.parametrize("seeds", [2, 5, 6, 8])
@pytest.mark.parametrize("contrasts", [1, 7])
def test_the_smallest_p_is_that_of_all_flips(seeds, contrasts):
    assert Reach(seeds, contrasts, 0.05).smallest_p == smallest(seeds, contrasts)


@pytest.mark.parametrize(("seeds", "test"), [(1, "holm_t"), (5, "holm_t"), (6, "max_t")])
def test_the_exact_test_judges_from_six_seeds(seeds, test):
    document = Reach(seeds, 3, 0.05).to_json()
    assert document["test"] == test
    assert document["smallest_exact_p"] == 2 / 2**seeds
    assert document["detectable"] is None


@pytest.mark.parametrize("contrasts", [1, 4, 6, 7, 40])
def test_the_seeds_from_which_anything_can_be_equivalent_are_those_of_the_test(contrasts):
    """Where nothing differs at all, by the very function that judges."""
    needed = Reach(6, contrasts, 0.05).equivalence_seeds
    for seeds in (needed - 1, needed):
        D = np.zeros((seeds, contrasts))
        D[:, 1:] = 9.0  # far outside the region, so that the first one is alone
        found = assess_equivalence(D, np.ones(contrasts), np.ones(contrasts, bool), 0.05)
        assert found["equivalent"].any() == (seeds >= needed)
        least = Reach(seeds, contrasts, 0.05).smallest_equivalence_p
        if seeds >= EXACT:
            assert found["p_equivalence_adjusted"].min() == pytest.approx(least, rel=1e-12)


def test_with_very_many_contrasts_no_number_of_seeds_is_enough_for_equivalence():
    assert Reach(6, 5000, 0.05).equivalence_seeds is None


def test_of_a_plan(expanded):
    plan = expanded("heuristics: [spectral_norm, generator_ema]\ndesign: factorial\nalpha: 0.01\n")
    assert Reach.of(plan) == Reach(2, 2, 0.01)


def test_a_time_is_told_as_one(expanded):
    late = "objective: time_to_threshold\nthreshold: 0.2\n"
    reach = Reach.of(expanded(f"heuristics: [spectral_norm]\n{late}"))
    assert reach.to_json()["objective"] == "time_to_threshold"
    assert "the reference's time, minus the longest time between two evaluations" in _equivalent(
        reach
    )
    assert "the reference's improvement" in _equivalent(replace(reach, objective="final"))
