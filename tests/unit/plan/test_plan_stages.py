"""All kinds of plans answer the same questions; a further kind is one more class."""

from dataclasses import dataclass, replace
from itertools import chain

import pytest

from harness.app import running
from harness.config.runtime import Runtime
from harness.execution import driver
from harness.execution.local import Outcome
from harness.execution.options import Options
from harness.plan.cells import seed_major
from harness.plan.stages import Searched, Sequential, Static, Tuned
from harness.runs.stages import Suggestion

TIP = "heuristics: [generator_ema]\ndesign: one_at_a_time\n"
TUNED = "tune:\n  values: {optimizer.generator.learning_rate: [1.0e-4, 2.0e-4]}\n  seeds: [7]\n"
SEARCH = "design: search\nsearch:\n  space: {training.ema: {low: 0.0, high: 0.9}}\n  trials: 3\n"
UNSEEDED = "title: T\nquestion: Q?\nbaseline: {data.name: digits, data.image_size: 16}\n"
ONE_SEED = f"{UNSEEDED}seeds: 1\n"


class Empty:
    """A record that holds nothing yet."""

    cache = None

    def written(self, run_name):
        return None

    def chosen(self, plan):
        return {}


@pytest.fixture
def plans(expanded):
    return {
        Static: expanded(TIP),
        Tuned: expanded(TIP + TUNED),
        Searched: expanded(SEARCH, head=ONE_SEED),
        Sequential: expanded(f"{TIP}sequential: true\nseeds: 8\n", head=UNSEEDED),
    }


@pytest.mark.parametrize(
    ("kind", "due", "undecided", "left", "grows"),
    [
        (Static, 4, 0, 0, False),
        (Tuned, 4, 4, 0, False),
        (Searched, 1, 0, 3, True),
        (Sequential, 12, 4, 0, False),
    ],
)
def test_each_kind_answers(plans, kind, due, undecided, left, grows):
    plan = plans[kind]
    assert type(plan.stages) is kind
    assert (len(plan.due), plan.stages.undecided(plan)) == (due, undecided)
    record = plan.record().stages
    assert record == plan.stages.record
    assert (record.left, record.grows, record.gives_up) == (left, grows, grows)
    assert plan.stages.grown(plan, Empty()) is plan  # an empty record decides nothing
    assert {cell.label for cell in plan.cells} == set(plan.record().judged.labels)


def test_a_search_whose_budget_was_cut_has_nothing_left(plans):
    search = plans[Searched].stages.search
    made = (Suggestion(params={}, cell="a", refused=""),) * 3
    assert search.replaced(suggestions=made, trials=2).left == 0


@dataclass(frozen=True)
class Growing(Static):
    """A seed is added after each training, up to a number of trainings."""

    most: int
    trained: list  # seeds of each round

    def undecided(self, plan):
        return len(plan.cells) * (self.most - len(plan.seeds))

    def grown(self, plan, results):
        return replace(plan, trials=seed_major(plan.cells, range(2 + len(self.trained))))


def test_a_further_kind_of_plan_is_one_class(plans, tmp_path, monkeypatch):
    trained = []
    plan = replace(plans[Static], stages=Growing(most=4, trained=trained))

    def drive(first, further, runtime, options):
        for due in chain([first], further):
            trained.append([trial.seed for trial in due.plan.trials])
        return Outcome.DONE

    monkeypatch.setattr(driver, "drive", drive)
    assert running.run(plan, Runtime(runs=tmp_path), Options()) is Outcome.DONE
    assert trained == [[0, 0, 1, 1], [0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2, 3, 3]]
    assert plan.record().stages.left == 0
