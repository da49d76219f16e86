"""Contrasts whose differences may not be symmetric are named."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.analysis.symmetry import doubts, skewness_p
from tests.records import plan_of


def _frames(spread, seeds=8, shape=None):
    """One contrast with the reference, whose trials scatter by 1; `shape` in place of normal."""
    random = np.random.default_rng(0)
    wave = random.permutation(np.linspace(-1, 1, seeds))
    tip = spread * (random.permutation(np.linspace(-1, 1, seeds)) if shape is None else shape)
    rows = [(cell, seed, value, "finished", "m")
            for cell, values in (("r", wave), ("a", tip))
            for seed, value in enumerate(values)]  # fmt: skip
    contrast = dict.fromkeys(("kind", "title", "design", "heuristic"), "")
    contrast |= {"following": "a", "ignoring": "r", "name": "tip", "weights": {"a": 1, "r": -1}}
    trials = pd.DataFrame(rows, columns=["cell", "seed", "final", "status", "identity"])
    return SimpleNamespace(plan=plan_of([contrast], range(seeds), reference="r"), trials=trials)


@pytest.mark.parametrize(("spread", "named"), [(4.9, False), (5.1, True), (1 / 5.1, True)])
def test_a_side_that_scatters_five_times_as_much_is_named(spread, named):
    found = doubts(_frames(spread))
    assert [text.startswith("Unequal scatter: tip:") for text in found] == [True] * named


def test_skewed_differences_are_named_from_eight_seeds():
    shape = np.array([0.0, 0.1, 0.0, 0.1, 0.0, 0.1, 0.0, 9.0])
    assert "Skewed differences: tip." in doubts(_frames(4.0, shape=shape))[-1]
    assert not [text for text in doubts(_frames(4.0, 7, shape[1:])) if "Skewed" in text]


@pytest.mark.parametrize("seeds", [8, 9, 24, 120])
def test_skewness_is_tested_as_scipy_does(seeds):
    draws = np.random.default_rng(seeds)
    for _ in range(50):
        for values in (draws.exponential(size=seeds), 1e3 + draws.normal(size=seeds)):
            assert skewness_p(values) == pytest.approx(stats.skewtest(values).pvalue, rel=1e-12)
    assert skewness_p(np.arange(seeds) / 7) == pytest.approx(1.0)


def test_there_is_no_doubt_where_nothing_has_finished():
    frames = _frames(9.0)
    frames.trials["status"] = "missing"
    assert doubts(frames) == []
