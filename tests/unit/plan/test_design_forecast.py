"""What a plan lacks on this machine, and what that costs."""

import pytest

from harness.config.identity import metric_request
from harness.config.runtime import Runtime
from harness.core.files import append_line, read_json, write_json
from harness.plan.forecast import forecast_cost, missing, remember_speed

TIPS = "heuristics: [generator_ema, batch_norm_in_discriminator]\ndesign: one_at_a_time\n"
EMA, BN = "generator_ema=off", "batch_norm_in_discriminator=off"
ITERATIONS, IMAGES = 100, 6400  # 6.4 kimg at batch 64


@pytest.fixture
def runtime(tmp_path):
    return Runtime(runs=tmp_path / "runs")


def train(trial, runtime, scored=True, status="finished", speed=800.0):
    """The record of a trial that has ended."""
    folder = runtime.trials / trial.key
    values = {"status": status, "images_per_second": speed, "evaluation_seconds": 12.0}
    write_json(folder / "result.json", values)
    request = metric_request(trial.cell.config) if scored else "00000000"
    write_json(folder / "evaluations/x.json", {"requests": [request]})
    for number in range(trial.cell.config.training.evaluations + 1):
        append_line(folder / "evaluations/x.jsonl", {"evaluation": number})


def states(plan, runtime):
    """(cell, seed) → whether it is trained, for what is missing."""
    found = missing(plan, runtime)
    return {(item.trial.cell.label, item.trial.seed): item.trained for item in found}


def test_a_new_plan_lacks_everything_in_its_order(expanded, runtime):
    plan = expanded(TIPS)
    found = forecast_cost(plan, runtime, workers=2)
    assert [item.trial for item in found.missing] == list(plan.trials)
    assert found.to_train == list(plan.trials)
    assert found.images == 6 * IMAGES
    assert found.seconds is None
    assert not runtime.runs.exists()


def test_what_is_trained_and_scored_is_not_missing_what_is_only_trained_is_to_be_scored(
    expanded, runtime
):
    plan = expanded(TIPS)
    first, second, third = plan.trials[:3]
    train(first, runtime)
    train(second, runtime, scored=False)
    train(third, runtime, status="diverged")  # a result too
    assert states(plan, runtime) == {
        (EMA, 0): True,
        ("reference", 1): False,
        (EMA, 1): False,
        (BN, 1): False,
    }
    found = forecast_cost(plan, runtime, workers=1)
    assert found.images == 3 * IMAGES
    document = found.to_json()
    assert (document["to_train"], document["to_score"]) == (3, 1)
    assert [trial["trained"] for trial in document["trials"]] == [True] * 3 + [False] * 3


def test_a_crash_is_no_result(expanded, runtime):
    plan = expanded(TIPS)
    write_json(runtime.trials / plan.trials[0].key / "failure.json", {"error": "x"})
    assert states(plan, runtime)[("reference", 0)] is False


# a trial of the reference: 6400 images at 800 a second, and 6 evaluations of 2 seconds
REFERENCE_SECONDS = 6400 / 800 + 6 * 2.0


def test_the_time_is_that_of_like_trials(expanded, runtime):
    plan = expanded(TIPS)
    for trial in plan.trials[:3]:
        # batch normalisation off is twice as fast here
        train(trial, runtime, speed=1600.0 if trial.cell.label == BN else 800.0)
    remember_speed(plan, runtime)
    found = forecast_cost(plan, runtime, workers=1)
    assert found.seconds == pytest.approx(2 * REFERENCE_SECONDS + 6400 / 1600 + 12, rel=1e-12)
    # three trials for two workers, and never more workers than trials
    assert forecast_cost(plan, runtime, 2).seconds == pytest.approx(found.seconds / 2, rel=1e-12)
    assert forecast_cost(plan, runtime, 8).seconds == pytest.approx(found.seconds / 3, rel=1e-12)


def test_speed_does_not_depend_on_the_budget_the_seed_or_the_average(expanded, runtime):
    tip = "heuristics: [generator_ema]\n"
    plan = expanded(tip)
    train(plan.trials[0], runtime)
    remember_speed(plan, runtime)
    longer = expanded(tip, changes={"training.kimg": 12.8, "training.evaluations": 1})
    seconds = forecast_cost(longer, runtime, 1).seconds
    assert seconds == pytest.approx(4 * (12800 / 800 + 2 * 2.0), rel=1e-12)


def test_one_unmeasured_trial_leaves_the_time_open(expanded, runtime):
    plan = expanded(TIPS)
    train(plan.trials[0], runtime)
    remember_speed(plan, runtime)
    assert forecast_cost(plan, runtime, 1).seconds is None
    wider = expanded("heuristics: [generator_ema]\n", changes={"generator.width": 64})
    assert forecast_cost(wider, runtime, 1).seconds is None


def test_a_plan_that_lacks_nothing_costs_nothing(expanded, runtime):
    plan = expanded(TIPS)
    for trial in plan.trials:
        train(trial, runtime)
    found = forecast_cost(plan, runtime, workers=2)
    assert (found.missing, found.images, found.seconds, found.disk) == ((), 0, 0.0, 0)


def test_only_whole_trainings_teach_a_speed(expanded, runtime):
    plan = expanded(TIPS)
    train(plan.trials[0], runtime, status="diverged")
    train(plan.trials[1], runtime, speed=0.0)
    remember_speed(plan, runtime)
    assert read_json(runtime.runs / "speed.json") == {}


def test_disk_is_that_of_the_kept_generators(expanded, runtime):
    # 16 px: depth 2, a stem of 64 x 4 x 4 x 128 and one 4 x 4 x 128 x 128; the last fifth and the
    # best of 5 evaluations are kept, in float32
    kept = (1 + 1) * (64 * 16 * 128 + 16 * 128 * 128) * 4
    assert forecast_cost(expanded(TIPS), runtime, 1).disk == 6 * kept


def test_advice_is_passed_on_with_its_cell(expanded, runtime):
    plan = expanded("factors: {loss.name: [wasserstein, hinge]}\n")
    [advice] = forecast_cost(plan, runtime, 1).warnings
    assert advice.startswith("loss.name=wasserstein: the Wasserstein loss needs a bounded")
