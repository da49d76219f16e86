"""What running a plan from Python does with each way in which a run ends."""

import numpy as np
import pytest

import harness as h
from harness import app
from harness.app import wandb
from harness.execution.local import Outcome
from tests.synthetic import TIDY, Recipe, build

STUDY = {"tips": ["generator_ema"], "baseline": {"data.name": "digits"}, "seeds": 2}


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """A plan whose run ends as `plan.outcome` says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "disabled")
    plan = h.Study("Smoothing", **STUDY).plan()
    plan.asked = []

    def run(expanded, runtime, options):
        plan.asked.append(options)
        build(tmp_path, Recipe(run_name="smoothing", seeds=range(2), tips=TIDY.tips[:1], grids=1))
        return plan.outcome

    monkeypatch.setattr(app, "run", run)
    return plan


def test_a_run_that_is_done_has_its_report_and_says_what_was_mirrored(plan, tmp_path, capsys):
    plan.outcome = Outcome.DONE
    run = plan.run(workers=2, hours=1.5, retry_crashed=True)
    assert (run.name, len(run.trials)) == ("smoothing", 4)
    assert (tmp_path / "reports/smoothing/index.html").is_file()
    assert capsys.readouterr().out == "W&B: disabled\n"
    (options,) = plan.asked
    assert (options.workers, options.hours, options.retry_crashed) == (2, 1.5, True)


def test_trials_that_crashed_in_every_attempt_are_told(plan, monkeypatch, capsys):
    monkeypatch.setattr(app, "given_up", lambda *_: ["0123 (reference, seed 0): no memory"])
    plan.outcome = Outcome.DONE
    plan.run()
    said = "crashed in every attempt: 0123 (reference, seed 0): no memory\n"
    assert capsys.readouterr().out.endswith(said)


def test_an_interrupt_is_raised_again_after_the_report(plan, tmp_path):
    plan.outcome = Outcome.INTERRUPTED
    with pytest.raises(KeyboardInterrupt, match="what was trained is kept"):
        plan.run()
    assert (tmp_path / "reports/smoothing/index.html").is_file()


def test_workers_that_do_not_stay_up_are_an_error_that_names_their_logs(plan):
    plan.outcome = Outcome.FAILED
    with pytest.raises(h.HarnessError, match=r"runs/studies/smoothing/worker-\*.log"):
        plan.run()


def test_the_mirror_is_given_the_summary_of_the_report(plan, monkeypatch):
    given = []
    monkeypatch.setattr(
        "harness.api.plan.sync", lambda *values: given.append(values) or wandb.Synced("fine")
    )
    plan.outcome = Outcome.DONE
    run = plan.run()
    ((name, _, summary),) = given
    assert (name, summary.verdict) == ("smoothing", run.verdict)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        *(({"workers": count}, "run(workers): 1 to 256") for count in (0, 257, 1.5, True, "a")),
        ({"workers": [1]}, "run(workers): 1 to 256 (given: [1])"),
        *(({"hours": time}, "run(hours): a number") for time in (-1, float("nan"), True, "a")),
    ],
)
def test_options_that_are_none(plan, options, said):
    with pytest.raises(h.HarnessError) as error:
        plan.run(**options)
    assert str(error.value).startswith(said)
    assert plan.asked == []


def test_options_may_be_numbers_of_numpy(plan):
    plan.outcome = Outcome.DONE
    plan.run(workers=np.int64(2), hours=np.float32(0.5))
    assert (plan.asked[0].workers, plan.asked[0].hours) == (2, 0.5)


def test_changed_plug_ins_are_told_as_by_the_command(plan, monkeypatch, capsys):
    monkeypatch.setattr(app, "changed_plugins", lambda *_: ["own.py has changed"])
    plan.outcome = Outcome.DONE
    plan.run()
    assert capsys.readouterr().out.startswith("own.py has changed\n")
