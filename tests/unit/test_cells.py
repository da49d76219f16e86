"""The cells that a claim is checked against."""

import pytest

from harness import app
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.execution import cells as module
from harness.execution.cells import Cells
from harness.queue.base import Claim
from harness.runs.plan import write_plan

STUDY = """title: A study
question: Q?
baseline: {data.name: digits, data.image_size: 16, training.kimg: 1, training.evaluations: 2}
heuristics: [generator_ema]
design: one_at_a_time
seeds: 3
"""


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/one.yaml").write_text(STUDY)
    runtime = Runtime(tmp_path / "runs", tmp_path / "reports", tmp_path / "studies")
    return app.plan("one", runtime)[0].record()


def claim(trial, **changes):
    return Claim(0, trial.key, trial.cell, trial.seed, 0, 1)._replace(**changes)


def test_every_trial_of_a_plan_is_the_one_that_was_queued(plan, tmp_path, monkeypatch):
    built = []
    unflatten = module.unflatten
    monkeypatch.setattr(module, "unflatten", lambda knobs: built.append(0) or unflatten(knobs))
    cells = Cells(tmp_path / "plan.json", plan)
    for trial in plan.trials:
        assert cells.claimed(claim(trial)).knobs == plan.cell(trial.cell).config
    assert len(built) == len(cells) == 2  # not for each of six trials


def test_a_claim_of_another_trial_is_refused(plan, tmp_path):
    cells = Cells(tmp_path / "plan.json", plan)
    first, *_, last = plan.trials
    said = r"plan\.json has changed since the trials were queued"
    wrong = (
        claim(first, seed=1),  # the seed is a part of the key
        claim(first, seed=last.seed, key="0" * 16),
        claim(first, cell=last.cell),
        claim(first, cell="no such cell"),
    )
    for one in wrong:
        with pytest.raises(HarnessError, match=said):
            cells.claimed(one)


def test_a_cell_whose_point_was_chosen_meanwhile_is_the_chosen_one(plan, tmp_path):
    def slower(cell):
        return cell.replaced(config={**cell.config, "training.kimg": 2.0})

    before = plan.replaced(cells=tuple(slower(cell) for cell in plan.cells))
    cells = Cells(tmp_path / "plan.json", before)
    write_plan(tmp_path / "plan.json", plan)
    assert cells.claimed(claim(plan.trials[0])).config.training.kimg == 1


def test_a_cell_that_a_search_has_added_is_found(plan, tmp_path):
    path = tmp_path / "plan.json"
    begun = plan.part(lambda label: label == "reference")
    cells = Cells(path, begun)
    added = next(trial for trial in plan.trials if trial.cell != "reference")
    write_plan(path, begun)
    with pytest.raises(HarnessError):
        cells.claimed(claim(added))
    write_plan(path, plan)
    assert cells.claimed(claim(added)).config.training.kimg == 1
    assert len(cells) == 2
