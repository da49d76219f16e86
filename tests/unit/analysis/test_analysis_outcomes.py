"""Failures, noise, claims of other kinds, deviations and the A/A check."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from harness.analysis.checks import run_checks
from harness.analysis.claims import judge_claims
from harness.analysis.effects import matrix
from harness.analysis.failures import failure_effects, failure_rates, outcomes
from harness.analysis.frame import load
from harness.analysis.max_t import adjusted
from harness.analysis.ranking import rank_contrasts
from harness.analysis.self_check import check_same_cell
from harness.core.errors import HarnessError
from harness.core.files import read_json, write_json
from tests.synthetic import TIDY, TIPS, Recipe, build

RUN = Recipe.run_name
BETA = TIPS[0]  # the reference follows it


def _load(tmp_path: Path, recipe=TIDY, change=lambda plan: plan):
    runtime = build(tmp_path, recipe)
    path = runtime.study(RUN) / "plan.json"
    write_json(path, change(read_json(path)))
    return load(RUN, runtime)


def _diverging(tmp_path: Path, count: int, change=lambda plan: plan):
    cell = Recipe.label(BETA)
    recipe = replace(TIDY, diverged=[(cell, seed) for seed in range(count)])
    return _load(tmp_path, recipe, change)


def test_failure_rates_have_exact_intervals(tmp_path: Path):
    rates = failure_rates(_diverging(tmp_path, 3)).set_index("cell")
    row = rates.loc[Recipe.label(BETA)]
    assert (row["ended"], row["diverged"], row["collapsed"], row["failed"]) == (8, 3, 0, 3)
    span = stats.binomtest(3, 8).proportion_ci(method="exact")
    assert (row["low"], row["high"]) == pytest.approx((span.low, span.high))
    assert rates.loc["reference", "high"] == pytest.approx(0.369, abs=1e-3)  # 0 of 8


def test_every_way_to_end_is_counted_once(tmp_path: Path):
    """A trial that diverged after a collapse is a divergence; the accuracy flag is no failure."""
    reference = [("reference", seed) for seed in range(8)]
    recipe = replace(
        TIDY,
        collapsed=[*reference[:3], (Recipe.label(BETA), 1)],
        diverged=[(Recipe.label(BETA), 1), (Recipe.label(BETA), 2)],
        crashed=reference[3:4],
        missing=reference[4:6],
    )
    frames = _load(tmp_path, recipe)
    found = outcomes(frames.trials)
    assert found.sentence == (
        "35 of 40 trials finished, 3 of them collapsed, 2 diverged, 1 crashed, 2 not ended, "
        "4 with other flags"
    )
    rates = failure_rates(frames).set_index("cell")
    assert rates["failed"].sum() == found.failures - found.crashed == 5
    assert (rates["diverged"] + rates["collapsed"]).equals(rates["failed"])


def test_failures_are_compared_by_mcnemar(tmp_path: Path):
    frames = _diverging(tmp_path, 6)
    row = failure_effects(frames, [BETA.name]).iloc[0]
    assert (row["following"], row["ignoring"], row["n"]) == (0, 6, 8)
    assert row["p"] == row["p_adjusted"] == pytest.approx(2 / 2**6)
    assert row["verdict"] == "better"
    # one of four: Holm's p is four times as large, and tells nothing any more
    table = failure_effects(frames, [tip.name for tip in TIPS]).set_index("contrast")
    assert table.loc[BETA.name, "p_adjusted"] == pytest.approx(4 * 2 / 2**6)
    assert set(table["verdict"]) == {"inconclusive"}


def _of(of):
    def change(plan):
        for claim in plan["contrasts"][0]["claims"]:
            claim["of"] = of
        return plan

    return change


@pytest.mark.parametrize(("count", "judgement"), [(6, "supported"), (3, "inconclusive")])
def test_claims_of_stability_go_by_failures(tmp_path: Path, count, judgement):
    frames = _diverging(tmp_path, count, _of("stability"))
    table = judge_claims(frames, rank_contrasts(frames))
    own = table[table["contrast"] == BETA.name]
    assert set(own["judgement"]) == {judgement}


@pytest.mark.parametrize(("of", "alone"), [("stability", True), ("stability", False)])
def test_verdicts_on_failures_are_adjusted_for_all_claims_of_the_kind(tmp_path: Path, of, alone):
    def change(plan):
        for contrast in plan["contrasts"][: 1 if alone else 4]:
            for claim in contrast["claims"]:
                claim["of"] = of
        return plan

    frames = _diverging(tmp_path, 6, change)
    table = judge_claims(frames, rank_contrasts(frames)).set_index("contrast").loc[BETA.name]
    assert set(table["family"]) == {1 if alone else 4}
    assert set(table["judgement"]) == {"supported" if alone else "inconclusive"}


def test_verdicts_on_variety_are_adjusted_for_all_claims_of_the_kind(tmp_path: Path):
    def change(plan):
        for contrast in plan["contrasts"]:
            for claim in contrast["claims"]:
                claim["of"] = "variety"
        return plan

    frames = _load(tmp_path, change=change)
    random = np.random.default_rng(1)
    frames.trials["coverage"] = random.normal(0.5, 0.05, len(frames.trials))
    table = (
        judge_claims(frames, rank_contrasts(frames))
        .drop_duplicates("contrast")
        .set_index("contrast")
    )
    joint = adjusted(matrix(replace(frames, trials=frames.trials.assign(
        final=-frames.trials["coverage"])), finished=False))  # fmt: skip
    names = [contrast.name for contrast in frames.plan.contrasts]
    assert list(table.loc[names, "p_adjusted"]) == pytest.approx(list(joint))
    assert set(table["family"]) == {4}


def test_claims_of_variety_go_by_coverage_and_of_fidelity_by_nothing(tmp_path: Path):
    frames = _load(tmp_path, change=_of("variety"))
    worse = frames.trials["cell"] == Recipe.label(BETA)
    frames.trials.loc[worse, "coverage"] -= 0.1 + 0.01 * frames.trials["seed"]
    table = judge_claims(frames, rank_contrasts(frames)).set_index("contrast")
    assert set(table.loc[BETA.name, "judgement"]) == {"supported"}
    frames = _load(tmp_path / "b", change=_of("fidelity"))
    table = judge_claims(frames, rank_contrasts(frames)).set_index("contrast")
    assert set(table.loc[BETA.name, "judgement"]) == {"not judged"}


def test_a_change_of_what_was_declared_is_a_deviation(tmp_path: Path):
    declared = {"objective": "final", "alpha": 0.05}
    frames = _load(tmp_path, change=lambda plan: plan | {"objective": "area", "declared": declared})
    first = run_checks(frames)[0]
    assert first.startswith("Deviation: objective was declared as final")
    assert not [line for line in run_checks(frames) if "alpha" in line]


def test_a_against_a_is_rarely_different(tmp_path: Path, monkeypatch):
    frames = _load(tmp_path, replace(TIDY, seeds=range(24)))
    found = check_same_cell(frames, seeds=6, contrasts=4)
    assert (found.pool, found.deals) == (24, 2000)
    assert found.share <= found.tolerance
    # the check can fail: arms that differ are found
    monkeypatch.setattr(
        "harness.analysis.self_check.rng.generator",
        lambda *_: _Sorted(),  # deals by size
    )
    assert check_same_cell(frames, seeds=6, contrasts=1).share == 1.0


class _Sorted:
    def permutation(self, values):
        return np.sort(values)


def test_too_few_seeds_to_deal(tmp_path: Path):
    with pytest.raises(HarnessError, match="8 seeds have a value, and two arms of 6 need 12"):
        check_same_cell(_load(tmp_path), seeds=6, contrasts=2)
