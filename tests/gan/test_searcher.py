"""A worker that asks for its own work: what it adds to the plan, refuses, and queues."""

from dataclasses import replace

import pytest

from harness import app
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.files import write_json
from harness.execution.search.source import source_of
from harness.runs.plan import read_plan, write_plan
from tests.records import record

pytestmark = pytest.mark.tf
STUDY = """title: Hunt
question: Where?
baseline: {data.name: digits, data.image_size: 16, training.evaluations: 5, loss.label_smoothing: 0}
design: search
seeds: [3]
search:
  space: {SPACE}
  trials: 4
  sampler: random
"""


class Queue:
    """A ledger that only remembers."""

    def __init__(self):
        self.jobs = []

    def enqueue(self, jobs):
        self.jobs += jobs


@pytest.fixture
def hunt(tmp_path):
    """A searcher of this space, its queue, and what the plan says."""

    def go(space):
        (tmp_path / "hunt.yaml").write_text(STUDY.replace("SPACE", space))
        runtime = Runtime(runs=tmp_path / "runs", studies=tmp_path)
        path = runtime.study("hunt") / "plan.json"
        write_json(path, app.plan("hunt", runtime)[0].to_json())
        queue = Queue()
        searcher = source_of(read_plan(path), runtime, queue)  # as a worker finds it
        return searcher, queue, lambda: read_plan(path), runtime

    return go


def test_each_suggestion_becomes_a_cell_a_trial_and_a_job_until_the_budget_is_spent(hunt):
    searcher, queue, plan, runtime = hunt("training.ema: {low: 0.0, high: 0.9}")
    assert [searcher.extend() for _ in range(5)] == [True] * 4 + [False]
    found = plan()
    labels = [f"suggestion {n}" for n in range(1, 5)]
    assert found.labels == ["reference", *labels]
    assert [job.cell for job in queue.jobs] == labels
    assert [job.key for job in queue.jobs] == [trial.key for trial in found.trials[1:]]
    assert {job.seed for job in queue.jobs} == {3}
    assert [job.order for job in queue.jobs] == [1, 2, 3, 4]
    again, _ = app.plan("hunt", runtime)
    assert again.record() == found  # a run that goes on has the very same plan


def test_a_suggestion_that_trains_what_another_did_is_not_queued_again(hunt):
    searcher, queue, plan, _ = hunt("generator.width: {choices: [8, 16]}")
    while searcher.extend():
        pass
    made = plan().search.suggestions
    assert len(made) == 4
    assert len({item.cell for item in made}) == len(queue.jobs) == 2


def test_what_the_rules_forbid_is_counted_and_costs_nothing(hunt):
    space = "loss.name: {choices: [hinge, minimax]}, loss.label_smoothing: {low: 0.1, high: 0.3}"
    searcher, queue, plan, _ = hunt(space)
    while searcher.extend():
        pass
    made = plan().search.suggestions
    refused = [item for item in made if item.refused]
    assert refused
    assert len(made) - len(refused) == len(queue.jobs) == 4
    assert {item.params["loss.name"] for item in refused} == {"hinge"}
    assert all("label_smoothing" in item.refused for item in refused)


def test_a_space_of_which_nothing_is_allowed_is_an_error(hunt):
    searcher, queue, _, _ = hunt(
        "loss.name: {choices: [hinge, wasserstein]}, loss.label_smoothing: {low: 0.1, high: 0.3}"
    )
    with pytest.raises(HarnessError, match="100 suggestions in a row are not allowed, as: "):
        searcher.extend()
    assert queue.jobs == []


def test_it_gives_up_what_its_pruner_gives_up(hunt):
    searcher, _, _, runtime = hunt("training.ema: {low: 0.0, high: 0.9}")
    path = runtime.study("hunt") / "plan.json"
    plan = read_plan(path)
    write_plan(path, plan.replaced(search=plan.search.replaced(trials=7, pruner="median")))
    study = runtime.studies / "hunt.yaml"
    study.write_text(study.read_text().replace("trials: 4", "trials: 7\n  pruner: median"))
    while searcher.extend():
        pass
    trials = app.plan("hunt", runtime)[0].trials
    for number, trial in enumerate(trials[1:7], 1):
        record(runtime, trial, 0.1 * number)
    record(runtime, trials[7], 0.8, "pruned", evaluations=3)
    (runtime.trials / trials[7].key / "pruned.json").unlink()
    assert searcher.gives_up(trials[7].cell.label)
    record(runtime, trials[7], 0.01, "pruned", evaluations=3)
    assert not searcher.gives_up(trials[7].cell.label)


def test_suggestions_that_train_the_same_are_one_trial_to_a_pruner(hunt):
    """The median waits for five trials; one that is suggested five times is one."""
    searcher, _, _, runtime = hunt("training.ema: {low: 0.0, high: 0.9}")
    while searcher.extend():
        pass
    path = runtime.study("hunt") / "plan.json"
    plan = read_plan(path)
    first, *_, last = plan.search.suggestions
    made = {"pruner": "median", "trials": 6, "suggestions": (*(first,) * 5, last)}
    write_plan(path, plan.replaced(search=plan.search.replaced(**made)))
    trials = app.plan("hunt", Runtime(runs=runtime.runs / "none", studies=runtime.studies))[
        0
    ].trials
    labels = {trial.cell: trial.key for trial in plan.trials}
    good = replace(trials[0], cell=replace(trials[0].cell), key=labels[first.cell])
    record(runtime, good, 0.1)
    record(runtime, replace(good, key=labels[last.cell]), 0.8, "pruned", evaluations=3)
    (runtime.trials / labels[last.cell] / "pruned.json").unlink()
    assert not searcher.gives_up(last.cell)
