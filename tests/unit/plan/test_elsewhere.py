"""Estimates from the steps of other machines: their figures, arithmetic and limits."""

import json
import math
import re
from pathlib import Path

import pytest

from harness.config.patch import resolve
from harness.config.runtime import Runtime
from harness.plan.elsewhere import (
    CORES,
    EVALUATED,
    EVALUATING,
    H200,
    LARGE,
    SMALL,
    START,
    estimate,
    in_words,
    trial_seconds,
)
from harness.plan.forecast import forecast_cost, remember_speed
from tests.unit.plan.test_design_forecast import train

RESULTS = Path(__file__).parents[3] / "benchmarks/results"
GPU = RESULTS / "intel-r-xeon-r-processor-16-cores-nvidia-h200"
EPYC = RESULTS / "amd-epyc-family-25-model-1-2-cores"
SIZES = {LARGE: "64 px, width 128, batch 128", SMALL: "32 px, width 64, batch 64"}
HEAD = """title: T
question: Q?
baseline:
  data.name: cifar10
  data.image_size: 32
  generator.width: 64
  discriminator.width: 64
  training.batch_size: 64
  training.kimg: 630
  training.evaluations: 4
  evaluation.samples: 2496
heuristics: [generator_ema]
design: one_at_a_time
seeds: 2
"""


def lines(row):
    document = json.loads((EPYC / f"{row}.json").read_text())
    return {line["what"]: line["ours"]["median"] for line in document["lines"]}


def steps():
    """What was measured on the GPU: training → seconds to the first step, ms of a step."""
    [table] = [t for t in json.loads((GPU / "gpu.json").read_text())["tables"]
               if t["title"] == "Steps"]  # fmt: skip
    return {name: (first, step) for name, first, step, _ in table["rows"]}


def two_digits(value):
    unit = 10 ** (math.floor(math.log10(value)) - 1)
    return math.floor(value / unit) * unit


@pytest.mark.parametrize("size", SIZES, ids=SIZES.values())
def test_the_speeds_are_those_of_the_results(size):
    first, step = steps()[f"{SIZES[size]}, float32, XLA"]
    assert H200.rates[size] == two_digits(1000 * size.batch / step)
    assert H200.compiling == pytest.approx(first, abs=4)
    assert CORES.rates[size] == two_digits(lines("step")[f"training step, {SIZES[size]}, float32"])


def test_an_evaluation_takes_what_was_measured_on_two_cores():
    measured = lines("evaluation")[f"KID of {EVALUATED:,} images, InceptionV3 at 75 px"]
    assert pytest.approx(measured, abs=1) == EVALUATING


def test_the_time_of_a_plan_by_hand(expanded, tmp_path):
    plan = expanded("", head=HEAD)
    [gpu, cores] = estimate(plan.trials, plan.cells[0].config)
    assert gpu.machine == "one NVIDIA H200"
    # 630,000 images at 63,000 a second, 5 evaluations of half the images that took 20 s; 2 cells
    assert gpu.seconds == pytest.approx(START + 2 * 25 + 4 * (10 + 5 * 10), rel=1e-3)
    assert cores.seconds == pytest.approx(START + 2 * 10 + 4 * (630_000 / 550 + 50), rel=1e-3)
    forecast = forecast_cost(plan, Runtime(runs=tmp_path / "runs"), workers=2)
    assert forecast.estimates == (gpu, cores)
    assert forecast.time == (
        "unmeasured (estimate: 5 min on one NVIDIA H200, 81 min on two CPU cores)"
    )
    assert forecast.to_json()["estimates"][0] == {"machine": gpu.machine, "seconds": gpu.seconds}


@pytest.mark.parametrize(("kind", "factor"), [("discriminator", 1), ("generator", 3)])
def test_more_updates_take_longer_unless_kimg_counts_them(kind, factor):
    """An iteration with three updates of the discriminator shows three batches."""
    base = {"training.batch_size": 64, "training.kimg": 630, "evaluation.samples": 2496}
    more = {"training.evaluations": 1, f"training.{kind}_steps": 3}
    training = trial_seconds(resolve([base, more]), 63_000) - 20
    assert training == pytest.approx(10 * factor, rel=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"data.image_size": 64},
        {"generator.width": 32, "discriminator.width": 32},
        {"discriminator.width": 32},
        {"training.batch_size": 128},
        {"training.precision": "bfloat16"},
    ],
    ids=str,
)
def test_what_was_not_measured_has_no_estimate(expanded, tmp_path, change):
    forecast = forecast_cost(
        expanded("", head=HEAD, changes=change), Runtime(runs=tmp_path / "runs"), 1
    )
    assert forecast.estimates == ()
    assert forecast.time == "unmeasured"


def test_measured_times_replace_it(expanded, tmp_path):
    plan, runtime = expanded("", head=HEAD), Runtime(runs=tmp_path / "runs")
    for trial in plan.trials[:2]:  # one of each cell
        train(trial, runtime)
    remember_speed(plan, runtime)
    forecast = forecast_cost(plan, runtime, workers=1)
    assert forecast.estimates == ()
    assert re.fullmatch(r"about \d+ min", forecast.time)


def test_scoring_alone_has_no_estimate(expanded, tmp_path):
    plan, runtime = expanded("", head=HEAD), Runtime(runs=tmp_path / "runs")
    train(plan.trials[0], runtime, scored=False)
    assert forecast_cost(plan, runtime, workers=1).estimates == ()


def test_nothing_to_train_has_no_estimate(expanded):
    assert estimate([], expanded("", head=HEAD).cells[0].config) == ()
    assert in_words([]) == ""
