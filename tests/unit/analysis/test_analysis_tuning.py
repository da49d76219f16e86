"""Which point is chosen, from records alone; and the ranking as it would be untuned."""

import pytest

from harness import app
from harness.analysis.frame import load
from harness.analysis.tuning import choose, points, untuned
from harness.config.runtime import Runtime
from harness.config.study import read
from harness.core.errors import HarnessError
from harness.core.files import read_json, write_json
from harness.plan.expand import expand_study
from harness.report.blocks import Code, Items
from harness.report.data import analyse
from harness.report.sections.tuning import build
from harness.report.words import verdict
from tests.records import record

STUDY = """title: T
question: Q?
baseline: {data.name: digits, data.image_size: 16, training.kimg: 6.4, training.evaluations: 5}
heuristics: [generator_ema]
design: one_at_a_time
tune:
  values: {optimizer.generator.learning_rate: [1.0e-4, 2.0e-4, 4.0e-4]}
  seeds: [7, 8]
seeds: 3
"""


@pytest.fixture
def runtime(tmp_path):
    return Runtime(runs=tmp_path / "runs", reports=tmp_path / "reports", studies=tmp_path)


@pytest.fixture
def plan(runtime):
    (runtime.studies / "tuned.yaml").write_text(STUDY)
    return expand_study(read("tuned", runtime.studies), None, {}, runtime.cache)


def level(trial):
    """The true KID: tuned, following wins; untuned (2e-4), ignoring does."""
    rate = trial.cell.config.optimizer.generator.learning_rate
    ema = trial.cell.config.training.ema > 0
    table = {(1e-4, True): 0.3, (2e-4, True): 0.4, (4e-4, True): 0.1,
             (1e-4, False): 0.3, (2e-4, False): 0.2, (4e-4, False): 0.4}  # fmt: skip
    return table[rate, ema] + 0.001 * trial.seed + 0.0001 * (trial.seed**2) * ema


def test_the_lowest_mean_is_chosen_once_every_trial_has_a_value(runtime, plan):
    for trial in plan.stages.choosing[:-1]:
        record(runtime, trial, level(trial))
    assert choose(plan.record(), runtime) == {}
    record(runtime, plan.stages.choosing[-1], level(plan.stages.choosing[-1]))
    rate = "optimizer.generator.learning_rate"
    assert choose(plan.record(), runtime) == {
        "reference": f"{rate}=0.0004",
        "generator_ema=off": f"{rate}=0.0002",
    }


def test_a_diverged_trial_counts_with_its_failure_value_and_a_crash_decides_nothing(runtime, plan):
    for trial in plan.stages.choosing:
        best = trial.cell.config.optimizer.generator.learning_rate == 4e-4
        record(runtime, trial, level(trial), "diverged" if best and trial.seed == 7 else "finished")
    found = choose(plan.record(), runtime)
    # (0.9 + 0.1) / 2 > 0.3
    assert found["reference"] == "optimizer.generator.learning_rate=0.0001"
    crashed = plan.stages.choosing[0]
    (runtime.trials / crashed.key / "result.json").unlink()
    write_json(runtime.trials / crashed.key / "failure.json", {"error": "x"})
    assert choose(plan.record(), runtime) == {}


def test_a_point_that_has_not_learnt_is_chosen_only_where_none_has(runtime, plan):
    """Images all black at the fastest rate, with the lowest KID of all."""
    for trial in plan.stages.choosing:
        fast = trial.cell.config.optimizer.generator.learning_rate == 4e-4
        record(runtime, trial, 0.01 if fast else level(trial))
        if fast:
            path = runtime.trials / trial.key / "result.json"
            flags = [{"flag": "collapsed", "kimg": 5.0, "identity": "m"}]
            write_json(path, read_json(path) | {"flags": flags})
    rate = "optimizer.generator.learning_rate"
    assert choose(plan.record(), runtime) == {
        "reference": f"{rate}=0.0001",
        "generator_ema=off": f"{rate}=0.0002",
    }
    for trial in plan.stages.choosing:
        record(runtime, trial, 0.8 + 0.01 * level(trial))  # nor has any
    assert choose(plan.record(), runtime)["reference"] == f"{rate}=0.0004"


def run(runtime, plan):
    """Train what is due, settle, and train the rest."""
    for trial in plan.due:
        record(runtime, trial, level(trial))
    settled = plan.stages.at(plan, choose(plan.record(), runtime))
    for trial in settled.trials:
        record(runtime, trial, level(trial))
    return settled


def test_the_ranking_is_of_tuned_cells_and_the_untuned_one_stands_beside_it(runtime, plan):
    settled = run(runtime, plan)
    write_json(runtime.study("tuned") / "plan.json", settled.to_json())
    frames = load("tuned", runtime)
    assert set(frames.trials["cell"]) == {"reference", "generator_ema=off"}
    assert set(frames.trials["seed"]) == {0, 1, 2}
    data = analyse(frames)
    assert data.ranking["effect"][0] == pytest.approx(0.1 - 0.2 + 0.0001 * 5 / 3)
    assert data.ranking["verdict"][0] == "better"
    assert untuned(frames, frames.plan.tuning)["effect"][0] == pytest.approx(
        0.4 - 0.2 + 0.0001 * 5 / 3
    )
    assert untuned(frames, frames.plan.tuning)["verdict"][0] == "worse"
    table = points(frames.plan.tuning, frames.beside)
    assert list(table["chosen"]) == [False, False, True, False, True, False]
    assert list(table["trials"]) == [2] * 6
    assert table["seconds"].sum() == 12 * 11.0
    _, how, *_, cost, ranks = build(data)
    assert "12 trials, 60 kimg and 2 min" in how.text
    assert [row[-1].text if row[-1] else "" for row in cost.rows].count("chosen") == 2
    assert [cell.text for cell in ranks.rows[0][-2:]] == ["better", "worse"]


def test_the_chosen_points_are_a_study_that_trains_the_same(runtime, plan):
    settled = run(runtime, plan)
    write_json(runtime.study("tuned") / "plan.json", settled.to_json())
    (paste,) = (one.text for one in build(analyse(load("tuned", runtime))) if isinstance(one, Code))
    head = "title: T\nquestion: Q?\ndesign: one_at_a_time\nseeds: 3\n"
    (runtime.studies / "again.yaml").write_text(head + paste)
    again = expand_study(read("again", runtime.studies), None, {}, runtime.cache)
    other = "generator_ema=off"
    named = f"{other}=optimizer.generator.learning_rate=0.0002"
    for label, pasted in (("reference", "reference"), (other, named)):
        keys = [settled.trial(label, seed).key for seed in settled.seeds]
        assert [again.trial(pasted, seed).key for seed in again.seeds] == keys


def test_chosen_values_at_an_edge_of_the_grid_are_named(runtime, plan):
    settled = run(runtime, plan)
    write_json(runtime.study("tuned") / "plan.json", settled.to_json())
    blocks = build(analyse(load("tuned", runtime)))
    (wider,) = (block for block in blocks if isinstance(block, Items))
    assert wider.items == [  # the other cell chose the value in the middle
        "reference: optimizer.generator.learning_rate 0.0004 is at the upper end of 0.0001 to "
        "0.0004."
    ]


def test_until_values_are_chosen_the_report_says_that_nothing_is_tuned(runtime, plan):
    write_json(runtime.study("tuned") / "plan.json", plan.to_json())
    for trial in plan.due[:5]:
        record(runtime, trial, level(trial))
    data = analyse(load("tuned", runtime))
    assert verdict(data).startswith("Tuning is not finished (5 of 12 trials)")
    blocks = build(data)
    assert [type(block).__name__ for block in blocks] == ["Heading", "Text", "Text", "Table"]
    assert blocks[-1].rows[0][3] == "1 of 2"


def test_a_study_that_does_not_tune_has_no_such_section(tidy):
    assert build(analyse(tidy)) == []


def test_scoring_by_another_metric_keeps_the_values_that_the_studys_own_chose(runtime, plan):
    metric = {"evaluation.protocol": "blocks"}
    with pytest.raises(
        HarnessError, match="tuned: tuning has not finished; to finish it: harness run tuned"
    ):
        app.evaluate("tuned", metric, runtime, None)
    settled = run(runtime, plan)
    assert app.plan("tuned", runtime)[0].stages.chosen == settled.stages.chosen
    scored = app.evaluate("tuned", metric, runtime, None)
    assert scored.stages.chosen == settled.stages.chosen
    assert {trial.key for trial in scored.trials} == {trial.key for trial in settled.trials}
    assert scored.due == scored.trials
