"""The joint test, simultaneous intervals, equivalence and places, against brute force."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.analysis import max_t
from harness.analysis.effects import estimate_effects, estimates
from harness.analysis.ranks import rank_intervals
from tests.records import plan_of


def test_drawn_flips_are_near_exact_ones(monkeypatch):
    D = np.random.default_rng(5).normal(0.4, 1, (10, 3))
    exact = max_t.adjusted(D)
    monkeypatch.setattr(max_t, "ENUMERATED", 9)
    assert max_t.adjusted(D) == pytest.approx(exact, abs=0.02)


def test_six_seeds_reach_a_verdict_for_any_number_of_contrasts():
    D = np.random.default_rng(0).normal(0, 1, (6, 40))
    D[:, 0] = [5.0, 5.1, 5.2, 4.9, 5.0, 5.3]
    assert max_t.adjusted(D)[0] == pytest.approx(1 / 32)
    assert max_t.adjusted(D[:5])[0] == pytest.approx(1 / 16)


def test_a_contrast_without_two_seeds_has_no_p_and_changes_no_other():
    D = np.random.default_rng(1).normal(1, 1, (7, 2))
    one = np.full((7, 1), np.nan)
    one[0] = 3.0
    assert max_t.adjusted(np.hstack([D, one]))[:2] == pytest.approx(max_t.adjusted(D))
    assert np.isnan(max_t.adjusted(np.hstack([D, one]))[2])
    assert max_t.adjusted(np.zeros((6, 2))) == pytest.approx([1, 1])


def test_intervals_for_all_are_sidaks():
    assert max_t.single_level(1, 0.05) == pytest.approx(0.05)
    assert 0.05 / 8 < max_t.single_level(8, 0.05) < 0.05
    # eight independent intervals that each miss so rarely miss together at 0.05
    assert 1 - (1 - max_t.single_level(8, 0.05)) ** 8 == pytest.approx(0.05)


def test_estimates_hold_both_intervals_and_wins():
    D = np.array([[-1.0, 2.0], [-2.0, np.nan], [-1.5, -1.0], [-1.2, 0.5], [-1.1, 1.0], [-1.7, 0.2]])
    table = estimates(D, 0.05, exact=True)
    one = stats.ttest_1samp(D[:, 0], 0).confidence_interval(0.95)
    assert table.loc[0, ["t_low", "t_high"]].tolist() == pytest.approx([one.low, one.high])
    assert table["low"][0] < table["t_low"][0] < table["t_high"][0] < table["high"][0]
    assert (table["wins"][0], table["wins"][1]) == (1.0, 0.2)
    assert table["wins_low"][0] == pytest.approx(0.025 ** (1 / 6))  # Clopper and Pearson of 6 in 6
    assert np.isnan(table["p_adjusted"][1])  # five seeds


def _study(columns, equivalence=0.05, seeds=8):
    """Contrasts a, b … against a reference of KID 1, untrained 2, with differences by seed."""
    rows = [("r", seed, 1.0, "finished", "m", 2.0) for seed in range(seeds)]
    contrasts = []
    for name, values in columns.items():
        rows += [
            (name, seed, 1.0 + value, "finished", "m", 2.0) for seed, value in enumerate(values)
        ]
        contrast = dict.fromkeys(("kind", "title", "design", "heuristic"), "")
        contrast |= {"following": name, "ignoring": "r", "name": name}
        contrasts.append(contrast | {"weights": {name: 1, "r": -1}})
    plan = plan_of(contrasts, range(seeds), reference="r", equivalence=equivalence)
    columns = ["cell", "seed", "final", "status", "identity", "untrained"]
    trials = pd.DataFrame(rows, columns=columns)
    return SimpleNamespace(plan=plan, trials=trials)


def test_the_four_verdicts():
    wave = np.array([1, -1, 0.5, -0.5, 0.8, -0.8, 0.2, -0.2])
    found = estimate_effects(
        _study(
            {
                "better": -0.3 + 0.01 * wave,
                "worse": 0.3 + 0.01 * wave,
                "equivalent": 0.002 + 0.01 * wave,
                "inconclusive": 0.02 + 0.1 * wave,
            }
        )
    ).set_index("contrast")
    assert found["verdict"].to_dict() == {name: name for name in found.index}
    row = found.loc["equivalent"]
    assert row["margin"] == pytest.approx(0.05)
    assert row["p_equivalence"] == 1 / 2**8
    assert row["p_equivalence_adjusted"] == 4 / 2**8  # the smallest of four


def test_fewer_than_six_seeds_are_judged_by_holm():
    wave = np.array([1, -1, 0.5, -0.5, 0.2])
    table = estimate_effects(_study({"a": -0.3 + 0.01 * wave, "b": 0.1 * wave}, seeds=5))
    assert table["verdict"].tolist() == ["better", "inconclusive"]
    assert table["p_adjusted"].tolist() == table["p_holm"].tolist()


def test_where_test_and_interval_disagree_the_row_says_so():
    # every sign the same, so the exact test is sure; the spread is so wide that t is not
    values = np.array([0.001, 0.01, 0.1, 0.2, 0.4, 0.9, 0.02, 0.05])
    row = estimate_effects(_study({"a": values}, equivalence=0.0001)).iloc[0]
    assert row["low"] < 0 < row["high"]
    said = "the test decides, though the interval includes zero"
    assert (row["verdict"], row["reason"]) == ("worse", said)


def test_rank_intervals_count_who_is_surely_better_and_worse():
    wave = np.random.default_rng(4).normal(0, 0.01, (8, 4))
    D = wave + np.array([-1.0, 0.0, 0.0, 1.0])
    assert rank_intervals(D, 0.05, exact=True) == ([1, 2, 2, 4], [1, 3, 3, 4])
    assert rank_intervals(D[:5], 0.05, exact=False) == ([1, 2, 2, 4], [1, 3, 3, 4])
    assert rank_intervals(D[:, :1], 0.05, exact=True) == ([1], [1])
    nothing = np.random.default_rng(4).normal(0, 1, (8, 3))
    assert rank_intervals(nothing, 0.05, exact=True) == ([1, 1, 1], [3, 3, 3])
