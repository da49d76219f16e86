"""The benchmark of verdicts tests simulated studies as the harness tests recorded ones."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.effects import MIXES, NOISES, draw, mix
from benchmarks.fixed_design import false_equivalence, rates, rejected
from benchmarks.verdicts import MODERATE, sets
from harness.analysis import max_t


@pytest.mark.parametrize("truth", [MIXES[1], mix("twelve", 2, [25.0] * 4 + [0.0] * 6)])
@pytest.mark.parametrize("noise", NOISES)
def test_the_same_contrasts_are_rejected(truth, noise):
    D = draw(truth, 12, 7, np.random.default_rng(0), noise)
    _, now = rejected(D)
    assert now.tolist() == [(max_t.adjusted(one) <= 0.05).tolist() for one in D]
    assert 0 < now.mean() < 1


def test_single_step_rejects_what_the_largest_of_all_flips_does_not_reach():
    D = draw(MIXES[1], 12, 6, np.random.default_rng(1))
    before, now = rejected(D)
    for one, hits in zip(D, before, strict=True):
        signs = np.array(np.meshgrid(*[(1, -1)] * 6)).reshape(6, -1).T
        shares = np.abs(signs @ one) / np.sqrt((one**2).sum(0))
        p = (shares.max(1)[:, np.newaxis] >= shares[0] * (1 - 1e-9)).mean(0)
        assert hits.tolist() == (p <= 0.05).tolist()
    assert now.sum() > before.sum()


def test_rates_count_verdicts_and_false_ones():
    found = rates(MIXES[0], 40, 7)
    assert 1.5 < found["verdicts before"] <= found["verdicts"] <= 2
    assert 0 <= found["error"] < 0.2


STUDIES = 500


def _bound(rate, studies):
    """What 9,999 of 10,000 simulations stay below if the true rate is at most `rate`."""
    return stats.binom.ppf(0.9999, studies, rate) / studies


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISES)
def test_family_wise_error_of_three_to_forty_contrasts(noise):
    """With eight seeds; with six, which have a single p below 0.05, it is lower."""
    for truth in sets():
        error = rates(truth, STUDIES, 8, noise)["error"]
        print(f"\n{truth.name}, 8 seeds, {noise}: family-wise error {error:.3f}")
        assert error <= _bound(0.05, STUDIES), truth.name


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISES)
def test_family_wise_error_and_false_equivalence_with_twelve_seeds(noise):
    error = rates(MODERATE, STUDIES, 12, noise)["error"]
    false = false_equivalence(MIXES[3], STUDIES, 12, noise)
    print(f"\n12 seeds, {noise}: family-wise error {error:.3f}, false equivalence {false:.3f}")
    assert max(error, false) <= _bound(0.05, STUDIES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("noise", "more"), [(NOISES[0], 1.08), (NOISES[1], 1.03), (NOISES[2], 1.12)]
)
def test_the_same_trials_give_more_verdicts_than_single_step(noise, more):
    found = rates(MODERATE, 2 * STUDIES, 8, noise)
    ratio = found["verdicts"] / found["verdicts before"]
    print(f"\n8 seeds, {noise}: {ratio:.3f} times the differences found by single-step max-|t|")
    assert ratio >= more
