"""Flags by a metric that a trial was scored by later follow from its rows."""

import json

import pytest

from harness.core.files import read_json, write_json
from harness.runs.flags import trial_flags
from harness.runs.outcomes import COLLAPSED, ending
from harness.runs.plan import read_plan
from harness.runs.trial import Trial
from tests.synthetic import TIDY, build


@pytest.fixture
def trial(tmp_path):
    runtime = build(tmp_path, TIDY)
    plan = read_plan(runtime.study(TIDY.run_name) / "plan.json")
    return Trial(runtime.trials / plan.trials[0].key), plan.request(plan.trials[0])


def score(trial, coverage):
    """Score it by another metric, with that coverage at the end."""
    (about,) = (trial.folder / "evaluations").glob("*.json")
    other = {**read_json(about), "identity": "other", "requests": ["x"], "resolution": 32}
    write_json(about.with_name("other.json"), other)
    rows = [json.loads(line) for line in about.with_suffix(".jsonl").read_text().splitlines()]
    rows[-1]["coverage"] = coverage
    text = "".join(json.dumps(row) + "\n" for row in rows)
    about.with_name("other.jsonl").write_text(text)
    return about.stem


@pytest.mark.parametrize("coverage", [0.01, 0.5, None])
def test_a_generator_that_a_later_metric_shows_to_be_collapsed(trial, coverage):
    one, request = trial
    first = score(one, coverage)
    of_training = [flag.flag for flag in trial_flags(one, first)]
    assert COLLAPSED not in of_training  # the result holds what its own metric showed
    assert ending(one, request)[1] == of_training
    raised = [COLLAPSED] if coverage == 0.01 else []
    assert [flag.flag for flag in trial_flags(one, "other")] == [*of_training, *raised]
    assert ending(one, "x")[1] == [*of_training, *raised]


def test_without_a_result_there_are_none(trial):
    one, _ = trial
    (one.folder / "result.json").unlink()
    assert trial_flags(one, "other") == []
