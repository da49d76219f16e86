"""The benchmark of verdicts tests simulated studies as the harness tests recorded ones."""

import numpy as np
import pytest

from benchmarks.effects import MIXES, NOISES, draw, mix
from benchmarks.fixed_design import rates, rejected
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
