"""Contrasts, verdicts, claims, tables and checks."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from harness.analysis import effects as module
from harness.analysis.checks import run_checks
from harness.analysis.claims import judge, judge_claims
from harness.analysis.effects import differences, estimate, estimate_effects, holm, verdict
from harness.analysis.frame import load
from harness.analysis.ranking import cells, costs, rank_contrasts
from harness.core.files import read_json, write_json
from harness.runs.plan import ClaimRecord
from tests.synthetic import TIDY, TIPS, Recipe, all_trials, build

RUN = "card_tips-cpu"


@pytest.fixture(scope="module")
def table(frames):
    return estimate_effects(frames).set_index("contrast")


def _trials(rows):
    columns = ["cell", "seed", "final", "identity", "status"]
    return pd.DataFrame(rows, columns=columns)


def test_estimate_equals_scipy():
    values = pd.Series([0.1, -0.3, 0.25, 0.4, 0.05])
    ours = estimate(values, 0.05)
    test = stats.ttest_1samp(values, 0)
    span = test.confidence_interval(0.95)
    assert ours.p == pytest.approx(test.pvalue, rel=1e-9)
    assert (ours.low, ours.high) == pytest.approx((span.low, span.high), rel=1e-9)
    assert ours.sd == pytest.approx(values.std(), rel=1e-9)


@pytest.mark.parametrize(("values", "p"), [([0.0, 0.0, 0.0], 1.0), ([-0.5, -0.5], 0.5)])
def test_equal_differences_need_no_division_by_zero(values, p):
    assert estimate(pd.Series(values), 0.05).p == p


def test_one_seed_has_an_effect_and_no_interval():
    one = estimate(pd.Series([-0.5]), 0.05)
    assert (one.n, one.effect) == (1, -0.5)
    assert math.isnan(one.low)
    assert math.isnan(one.p)
    assert verdict(1, -0.5, math.nan, 0.05, False, False) == ("inconclusive", "n = 1")


def test_differences_are_following_minus_ignoring_by_seed():
    trials = _trials(
        [
            ("a", 0, 1.0, "m", "finished"),
            ("a", 1, 2.0, "m", "diverged"),
            ("a", 2, 3.0, "m", "finished"),
            ("b", 1, 1.5, "m", "finished"),
            ("b", 0, 0.5, "m", "finished"),
            ("b", 2, math.nan, "m", "crashed"),
        ]
    )
    table = differences(trials, {"a": 1, "b": -1})
    assert list(table["seed"]) == [0, 1]
    assert list(table["difference"]) == pytest.approx([0.5, 0.5])
    assert list(table["finished"]) == [True, False]


def test_values_that_cancel_leave_nothing():
    """Added one by one, they leave 1e-17, which a test by ranks or signs would take for a value."""
    values = {"a": 0.1, "b": 0.2, "c": 0.1, "d": 0.2}
    trials = _trials([(cell, 0, value, "m", "finished") for cell, value in values.items()])
    weights = {"a": 0.5, "b": 0.5, "c": -0.5, "d": -0.5}
    assert differences(trials, weights)["difference"].tolist() == [0.0]


@pytest.mark.parametrize(("other", "left"), [(1.0, math.inf), (math.inf, math.nan)])
def test_what_is_infinite_stays_so(other, left):
    trials = _trials([("a", 0, math.inf, "m", "finished"), ("b", 0, other, "m", "finished")])
    [difference] = differences(trials, {"a": 1, "b": -1})["difference"]
    assert difference == pytest.approx(left, nan_ok=True)


def test_values_of_different_metric_identity_never_meet():
    rows = [("a", seed, 1.0, "m", "finished") for seed in range(3)]
    rows += [("b", 0, 0.5, "other", "finished")]
    rows += [("b", seed, 0.5, "m", "finished") for seed in (1, 2)]
    rows += [(cell, 3, value, "other", "finished") for cell, value in (("a", 9.0), ("b", 1.0))]
    table = differences(_trials(rows), {"a": 1, "b": -1})
    assert list(table["seed"]) == [1, 2]  # seed 0 mixes identities, seed 3 has the rarer one
    assert set(table["identity"]) == {"m"}


def test_holm_leaves_out_what_has_no_p():
    adjusted = holm(pd.Series([0.01, math.nan, 0.04, 0.03]))
    assert adjusted.iloc[[0, 2, 3]].tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert math.isnan(adjusted.iloc[1])


def test_holm_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    for count in (1, 2, 5, 40):
        p = pd.Series(np.round(rng.uniform(0, 0.2, count), 2))  # with ties
        expected = multipletests(p, method="holm")[1]
        np.testing.assert_array_equal(holm(p), expected)


def test_true_effects_are_found_with_the_sign_of_following(tidy):
    table = estimate_effects(tidy).set_index("contrast")
    assert table.loc["adam_beta_1", "verdict"] == "better"
    assert table.loc["spectral_norm", "verdict"] == "better"
    assert table.loc["batch_norm_in_discriminator", "verdict"] == "worse"
    # the reference follows this one: the effect is reference - cell
    assert table.loc["adam_beta_1", "effect"] == pytest.approx(-0.08, abs=0.02)


def test_ranking_is_sorted_by_effect_with_missing_values_last(tmp_path: Path):
    recipe = replace(TIDY, missing=[(Recipe.label(TIPS[1]), seed) for seed in range(8)])
    table = rank_contrasts(load(RUN, build(tmp_path, recipe)))
    assert table["effect"].iloc[:3].is_monotonic_increasing
    last = table.iloc[3]
    assert (last["contrast"], last["n"], last["verdict"]) == ("spectral_norm", 0, "inconclusive")


def test_a_diverged_trial_counts_and_the_effect_without_stands_beside(table):
    row = table.loc["adam_beta_1"]
    assert (row["n"], row["n_finished"], row["diverged"]) == (8, 7, 1)
    assert row["effect"] < row["effect_finished"] < 0


def test_crashed_and_missing_trials_take_their_seed_out(table):
    assert table.loc["label_smoothing", ["n", "planned"]].tolist() == [7, 8]
    assert table.loc["spectral_norm", ["n", "planned"]].tolist() == [7, 8]


def test_a_profile_without_evidence_is_not_judged(tmp_path: Path):
    frames = load(RUN, build(tmp_path, replace(TIDY, evidence=False, seeds=range(2))))
    table = rank_contrasts(frames)
    assert set(table["verdict"]) == {module.NOT_JUDGED}
    assert set(judge_claims(frames, table)["judgement"]) == {"not judged"}


@pytest.mark.parametrize(
    ("claim", "found", "judgement"),
    [
        ("helps", "better", "supported"),
        ("helps", "worse", "contradicted"),
        ("helps", "inconclusive", "inconclusive"),
        ("hurts", "worse", "supported"),
        ("hurts", "better", "contradicted"),
        ("hurts", "inconclusive", "inconclusive"),
        ("no_effect", "better", "contradicted"),
        ("no_effect", "worse", "contradicted"),
        ("no_effect", "inconclusive", "inconclusive"),
        ("helps", "equivalent", "contradicted"),
        ("hurts", "equivalent", "contradicted"),
        ("no_effect", "equivalent", "supported"),
        ("depends", "better", "not judged"),
    ],
)
def test_claims_are_judged_by_the_verdict(claim, found, judgement):
    assert judge(_claim(claim), found, 6) == judgement


def _claim(effect, **more):
    return ClaimRecord(source="S0", effect=effect, **more)


def test_a_claim_without_a_pair_is_not_tested():
    assert judge(_claim("helps"), "inconclusive", 0) == "not judged"


@pytest.mark.parametrize(
    ("met", "judgement"), [(True, "supported"), (False, "not judged"), (None, "not judged")]
)
def test_a_claim_under_a_condition_is_judged_where_the_study_meets_it(met, judgement):
    claim = _claim("hurts", condition="with WGAN-GP", met=met)
    assert judge(claim, "worse", 6) == judgement


def test_cells_are_compared_with_the_reference(tidy):
    table = cells(tidy).set_index("cell")
    assert table.loc["reference", "mean"] == pytest.approx(0.14, abs=0.02)
    assert math.isnan(table.loc["reference", "difference"])
    row = table.loc["spectral_norm=following"]
    assert row["difference"] == pytest.approx(row["mean"] - table.loc["reference", "mean"])
    assert row["low"] < row["difference"] < row["high"]


def test_costs_are_relative_to_the_reference(tidy):
    table = costs(tidy).set_index("cell")
    assert table.loc["reference", "relative_seconds"] == 1
    assert table.loc["spectral_norm=following", "relative_seconds"] == pytest.approx(1.3)


def test_nothing_is_said_of_a_tidy_study(tidy):
    assert run_checks(tidy) == []


def test_checks_name_what_is_missing(frames):
    said = " ".join(run_checks(frames))
    spectral, smoothing = (
        TIDY.name(f"{tip}=following") for tip in ("spectral_norm", "label_smoothing")
    )
    assert f"({spectral}, seed 5)" in said
    assert f"({smoothing}, seed 4)" in said
    assert f"different numbers of seeds: 7 of {smoothing} and {spectral}; 8 of the others." in said


def _change_devices(runtime, cells_of):
    plan = read_json(runtime.study(RUN) / "plan.json")
    for row in plan["trials"]:
        if cells_of(row):
            path = runtime.trials / row["key"] / "env.json"
            write_json(path, [entry | {"device": "GPU"} for entry in read_json(path)])


def test_hardware_confounded_with_cells_is_told_from_hardware_that_varies(tmp_path: Path):
    runtime = build(tmp_path / "a", replace(TIDY, seeds=range(2)))
    _change_devices(runtime, lambda row: row["cell"] == "reference")
    assert any("hardware is confounded" in line for line in run_checks(load(RUN, runtime)))
    runtime = build(tmp_path / "b", replace(TIDY, seeds=range(2)))
    _change_devices(runtime, lambda row: row["seed"] == 1)
    (line,) = run_checks(load(RUN, runtime))
    assert "in every cell alike" in line


def test_duplicate_and_unbalanced_plans_are_named(tmp_path: Path):
    runtime = build(tmp_path, replace(TIDY, seeds=range(2)))
    path = runtime.study(RUN) / "plan.json"
    plan = read_json(path)
    write_json(path, plan | {"trials": [*plan["trials"][:-1], plan["trials"][0]]})
    said = " ".join(run_checks(load(RUN, runtime)))
    assert "Planned more than once, counted once: reference, seed 0" in said
    assert "planned with different numbers of seeds" in said


def test_two_ways_of_scoring_are_said_and_kept_apart(tmp_path: Path):
    recipe = replace(TIDY, seeds=range(3), tips=TIPS[:1])
    runtime = build(tmp_path, recipe)
    plan = read_json(runtime.study(RUN) / "plan.json")
    for row in plan["trials"]:
        if row["cell"] != "reference":
            folder = runtime.trials / row["key"] / "evaluations"
            (spec,) = folder.glob("*.json")
            write_json(spec, read_json(spec) | {"identity": "other"})
            for path in list(folder.iterdir()):
                path.rename(folder / f"other{path.suffix}")
    frames = load(RUN, runtime)
    assert any("scored in 2 ways" in line for line in run_checks(frames))
    assert rank_contrasts(frames)["n"].tolist() == [0]
    assert cells(frames)["difference"].isna().all()


def test_all_failed_still_gives_tables(tmp_path: Path):
    recipe = replace(TIDY, seeds=range(2))
    recipe = replace(recipe, crashed=all_trials(recipe))
    frames = load(RUN, build(tmp_path, recipe))
    table = rank_contrasts(frames)
    assert table["n"].tolist() == [0] * 4
    assert np.isnan(table["effect"].astype(float)).all()
    assert costs(frames)["trials"].tolist() == [0] * 5
