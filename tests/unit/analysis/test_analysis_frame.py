"""Loading a plan and its record."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.checks import run_checks
from harness.analysis.effects import differences
from harness.analysis.frame import load, load_scores, load_trials
from harness.analysis.objectives import (
    failed,
    final_kid,
    objective,
    untrained,
)
from harness.analysis.ranking import rank_contrasts
from harness.config.trial import Schedule
from harness.core.errors import Damaged, HarnessError
from harness.core.files import read_json, write_json
from harness.metrics.kid import HALVES, SHARED_HALVES
from harness.runs.rows import ScoreRow
from tests.synthetic import TIDY, TIPS, Recipe, all_trials, build

RUN = "card_tips-cpu"


def _rows(kids):
    """Evaluations by number, at 0, 10, 20 … kimg; `kids` by number, or a list of all of them."""
    kids = kids if isinstance(kids, dict) else dict(enumerate(kids))
    return [
        ScoreRow(evaluation=number, kid=kid, kimg=10.0 * number, seconds=2.0 * number)
        for number, kid in kids.items()
    ]


def _score(name, rows, evaluations, threshold=math.nan):
    return objective(name).score(rows, Schedule(evaluations), threshold)


def test_final_is_the_mean_of_the_last_fifth_rounded_up():
    # untrained and 6 evaluations: the last 2
    assert _score("final", _rows([9.0, 8, 7, 6, 5, 4, 3]), 6).value == pytest.approx(3.5)
    assert _score("final", _rows([9.0, 8, 7, 6, 5, 4]), 5).value == pytest.approx(4.0)


def test_final_needs_the_whole_last_fifth_and_nothing_else():
    assert math.isnan(_score("final", _rows({0: 9.0, 1: 8, 2: 7}), 6).value)
    assert math.isnan(_score("final", _rows({0: 9.0, 6: 3}), 6).value)
    assert math.isnan(_score("final", [], 6).value)
    again = _rows({0: 9.0, 5: 4, 6: 3})  # a trial scored again
    assert _score("final", again, 6).value == pytest.approx(3.5)


def test_best_is_chosen_on_one_half_and_scored_on_the_other():
    rows = _rows([9.0, 5, 4, 3])
    halves = [(9.0, 9.0), (0.5, 0.8), (0.2, 0.9), (0.3, 0.1)]  # 2 looks best to the first half
    for names in (HALVES, SHARED_HALVES):  # an older record has the latter
        scored = [
            ScoreRow(row, **dict(zip(names, values, strict=True)))
            for row, values in zip(rows, halves, strict=True)
        ]
        assert _score("best", scored, 3).value == 0.9
        assert math.isnan(_score("best", scored[:3], 3).value)


def test_best_of_an_older_record_never_meets_one_of_today(tmp_path: Path):
    """Its halves share generated images: another number, though KID itself is the same."""
    runtime = build(tmp_path, replace(TIDY, tips=TIPS[:1], seeds=range(3)))
    plan = read_json(path := runtime.study(Recipe.run_name) / "plan.json")
    old = [row["key"] for row in plan["trials"] if row["seed"] == 0]
    for file in [file for key in old for file in (runtime.trials / key).rglob("*.jsonl")]:
        text = file.read_text()
        for now, before in zip(HALVES, SHARED_HALVES, strict=True):
            text = text.replace(now, before)
        file.write_text(text)
    assert load(Recipe.run_name, runtime).trials["identity"].nunique() == 1  # objective final
    write_json(path, plan | {"objective": "best"})
    trials = load(Recipe.run_name, runtime).trials
    assert trials["final"].notna().all()
    assert {identity.endswith(".shared_halves") for identity in trials["identity"]} == {True, False}
    found = differences(trials, plan["contrasts"][0]["weights"])
    assert list(found["seed"]) == [1, 2]
    assert "shared_halves" in " ".join(run_checks(load(Recipe.run_name, runtime)))


def test_area_is_the_mean_over_the_logarithm_of_images():
    rows = _rows([9.0, 4, 2])  # 10 and 20 kimg: a straight line in log kimg
    assert _score("area", rows, 2).value == pytest.approx(3.0)
    rows = [
        ScoreRow(row, kimg=at)
        for row, at in zip(_rows([9.0, 4, 2, 2]), [0, 1, 10, 1000], strict=True)
    ]
    # a third of the way from 4 to 2, two thirds at 2
    assert _score("area", rows, 3).value == pytest.approx(3 / 3 + 2 * 2 / 3)
    assert math.isnan(_score("area", rows[:3], 3).value)


def test_time_to_threshold_is_censored_at_the_budget():
    rows = _rows([9.0, 5, 4, 3])
    reached = _score("time_to_threshold", rows, 3, 4.0)
    assert (reached.value, reached.censored, reached.seconds) == (20.0, False, 4.0)
    never = _score("time_to_threshold", rows, 3, 1.0)
    assert (never.value, never.censored) == (30.0, True)
    assert math.isnan(_score("time_to_threshold", rows[:2], 3, 1.0).value)


@pytest.mark.parametrize(
    ("kids", "value"),
    [([0.9, 0.5, math.nan], 0.9), ([0.9, 1.4, math.nan, math.nan], 1.4), ([0.9], 0.9)],
)
def test_failure_value_is_the_larger_of_untrained_and_last_finite(kids, value):
    assert failed("final", _rows(kids), 100.0).value == value


def test_failure_value_needs_the_untrained_generator():
    assert math.isnan(failed("final", [], 100.0).value)


def test_a_diverged_trial_never_reaches_a_threshold():
    assert failed("time_to_threshold", _rows([0.9, 0.1]), 100.0) == (
        100.0,
        True,
        pytest.approx(math.nan, nan_ok=True),
    )


def test_unknown_objective_names_the_nearest():
    with pytest.raises(HarnessError, match="did you mean 'final'"):
        objective("finals")


def test_unknown_run_names_the_nearest(runtime):
    with pytest.raises(HarnessError, match=f"did you mean '{RUN}'"):
        load("card_tip-cpu", runtime)


def test_every_planned_trial_is_a_row(frames):
    assert len(frames.trials) == 5 * 8
    assert frames.trials["status"].value_counts().to_dict() == {
        "finished": 37,
        "diverged": 1,
        "crashed": 1,
        "missing": 1,
    }


def test_crashed_and_missing_trials_have_no_value(frames):
    absent = frames.trials[frames.trials["status"].isin(["crashed", "missing"])]
    assert absent["final"].isna().all()
    assert "ResourceExhausted" in absent.set_index("status").loc["crashed", "message"]


def test_a_diverged_trial_has_its_failure_value(frames):
    row = frames.trials[frames.trials["status"] == "diverged"].iloc[0]
    assert row["final"] == row["untrained"] == pytest.approx(0.9)


def test_objective_equals_the_curve_it_is_made_of(frames):
    row = frames.trials.iloc[0]
    curve = frames.curves[frames.curves["key"] == row["key"]]
    assert row["final"] == pytest.approx(curve["kid"].iloc[-2:].mean())
    assert row["best"] == curve["kid"].min()


def test_knobs_that_differ_between_cells_are_columns(frames):
    knobs = [name for name in frames.trials if name.startswith("knob:")]
    assert set(knobs) == {
        "knob:optimizer.generator.beta_1",
        "knob:optimizer.discriminator.beta_1",
        "knob:discriminator.spectral_norm",
        "knob:discriminator.normalization",
        "knob:loss.label_smoothing",
    }
    beta = frames.trials.set_index("cell")["knob:optimizer.generator.beta_1"]
    assert set(beta["adam_beta_1=ignoring"]) == {0.9}
    assert set(beta["reference"]) == {0.5}


def test_flags_of_another_metric_are_left_out(tmp_path: Path):
    recipe = Recipe(tips=(), seeds=[1], diverged=(), crashed=(), missing=())
    runtime = build(tmp_path, recipe)
    (path,) = runtime.trials.glob("*/result.json")
    flags = [
        {"flag": "rebound", "kimg": 3.0, "identity": "another"},
        {"flag": "discriminator_loss_zero", "kimg": 4.0, "identity": None},
    ]
    write_json(path, read_json(path) | {"flags": flags})
    assert list(load(RUN, runtime).flags["flag"]) == ["discriminator_loss_zero"]


def test_an_empty_record_gives_empty_typed_frames(tmp_path: Path):
    recipe = Recipe(seeds=range(2))
    recipe = Recipe(seeds=range(2), missing=all_trials(recipe))
    frames = load(RUN, build(tmp_path, recipe))
    assert set(frames.trials["status"]) == {"missing"}
    assert frames.curves.empty
    assert frames.curves["kid"].dtype == float
    assert frames.trials["final"].dtype == float
    # what the plan says of the knobs is known without a record
    assert "knob:loss.label_smoothing" in frames.trials


def test_no_machine_name_is_loaded(frames):
    assert "hidden-host" not in frames.environments.to_csv()


@pytest.mark.parametrize("written", ["Infinity", "-Infinity", "NaN", "null", "1e300"])
def test_a_score_that_is_not_finite_is_no_value_and_is_named(tmp_path: Path, written):
    runtime = build(tmp_path, replace(TIDY, seeds=range(3), tips=TIDY.tips[:1]))
    plan = read_json(runtime.study(TIDY.run_name) / "plan.json")
    key = next(row["key"] for row in plan["trials"] if row["cell"] == "reference")
    (path,) = (runtime.trials / key / "evaluations").glob("*.jsonl")
    *before, last = path.read_text().splitlines()
    kid = json.dumps(json.loads(last)["kid"])
    path.write_text("\n".join([*before, last.replace(f'"kid": {kid}', f'"kid": {written}')]) + "\n")
    frames = load(TIDY.run_name, runtime)
    own = frames.trials[frames.trials["key"] == key].iloc[0]
    assert math.isnan(own["final"])
    assert math.isfinite(own["final_kid"])  # the last that is known
    (row,) = rank_contrasts(frames).to_dict("records")
    assert row["n"] == 2
    assert math.isfinite(row["effect"])
    assert any("one that is not finite" in line and "reference, seed 0" in line
               for line in run_checks(frames))  # fmt: skip


def test_untrained_and_final_kid_are_told_whatever_the_objective():
    rows = _rows([0.9, 0.5, 0.3, 0.2])
    assert untrained(rows) == 0.9
    assert math.isnan(untrained(rows[1:]))  # scored again, and without that generator
    assert final_kid(rows, Schedule(3)) == 0.2
    assert final_kid(rows[:3], Schedule(3)) == 0.3
    assert math.isnan(final_kid(rows[:1], Schedule(3)))


def test_scores_alone_are_those_of_the_whole_record(tmp_path: Path):
    runtime = build(tmp_path, replace(Recipe(), collapsed=(("label_smoothing=following", 1),)))
    whole, scores = load(RUN, runtime), load_scores(RUN, runtime)
    own = [name for name in whole.trials if not name.startswith("knob:")]
    assert scores.trials.equals(whole.trials[own])
    assert scores.metrics.equals(whole.metrics)
    assert (scores.plan, scores.configs) == (whole.plan, whole.configs)


def test_scores_are_read_without_statistics_and_pictures(tmp_path: Path):
    runtime = build(tmp_path, TIDY)
    for folder in runtime.trials.iterdir():
        (folder / "metrics.jsonl").write_text("no JSON\n")
        for picture in folder.glob("**/*.png"):
            picture.unlink()
    assert len(load_scores(RUN, runtime).trials.dropna(subset=["final"])) == 40
    assert len(load_trials(load_scores(RUN, runtime).plan, runtime)) == 40
    with pytest.raises(Damaged):
        load(RUN, runtime)


def test_the_curves_of_a_cell_are_those_of_its_rows(tmp_path: Path):
    frames = load(RUN, build(tmp_path, Recipe()))
    curves = frames.curves
    pairs = curves[["cell", "identity"]].drop_duplicates().to_numpy().tolist()
    assert len(pairs) > 2
    for cell, identity in pairs:
        own = curves[(curves["cell"] == cell) & (curves["identity"] == identity)]
        assert frames.curves_of(cell, identity).equals(own)
    assert frames.curves_of(pairs[0][0], None).empty
    assert list(frames.curves_of("unknown", pairs[0][1]).columns) == list(curves.columns)
