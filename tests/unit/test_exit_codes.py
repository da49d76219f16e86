"""A verb whose work failed in part says what, how to go on, and does not exit with 0."""

import json
import shlex
import sys
from contextlib import redirect_stdout
from io import StringIO
from types import SimpleNamespace

import pandas as pd
import pytest

import harness as h
from harness import app, cli
from harness.app import analysis, running
from harness.app import wandb as app_wandb
from harness.cli import printing
from harness.config.runtime import Runtime
from harness.core.files import write_json
from harness.execution.local import Outcome
from harness.mirror.sync import SyncReport
from harness.queue.base import Job
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.status import Status
from tests.records import record

STUDY = """title: A study
question: Does it help?
baseline: {data.name: digits, data.image_size: 16, training.kimg: 6.4, training.evaluations: 5}
heuristics: [generator_ema]
design: one_at_a_time
seeds: 2
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "disabled")
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/one.yaml").write_text(STUDY)
    return Runtime()


@pytest.fixture
def harness(place, monkeypatch, capsys):
    def go(*arguments):
        monkeypatch.setattr(sys, "argv", ["harness", *arguments])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code
        return code, capsys.readouterr().out

    return go


def summary(place):
    """What `harness sync` reads of a report."""
    path = place.reports / "one" / "index.html"
    return SimpleNamespace(verdict="", ranking=pd.DataFrame(), path=path)


def test_a_damaged_plan_hides_no_other_run(harness, place):
    (place.studies / "two.yaml").write_text(STUDY)
    for name in ("one", "two"):
        plan, _ = app.plan(name, place)
        running.write_plan(plan, place)
    record(place, plan.trials[0], 0.2)
    path = place.study("one") / "plan.json"
    path.write_text(path.read_text().replace("A study", "B study"))
    code, said = harness("status")
    assert code == 2
    assert "two" in said
    assert "0/4" in said or "1/4" in said
    code, said = harness("status", "--json")
    assert (code, [row["run"] for row in json.loads(said)]) == (2, ["two"])
    code, said = harness("show", plan.trials[0].key)
    assert code == 0
    assert "used by two" in said
    assert f"{path}: damaged:" in said.replace("\n", "")
    with pytest.warns(UserWarning, match="plan.json: damaged:"):
        assert h.list_runs()["run"].to_list() == ["two"]


def crash(place, trial):
    failure = {"error": "MemoryError: no room", "log_tail": "", "attempt": 3}
    write_json(place.trials / trial.key / "failure.json", failure)


@pytest.fixture
def drive(place, monkeypatch):
    """A run in which every trial is trained but those of the last seed; what it was asked for."""
    asked = []

    def train(plan, runtime, options):
        asked.append(options)
        for trial in plan.trials:
            if trial.seed == plan.seeds[-1]:
                crash(place, trial)
            else:
                record(place, trial, 0.1)
        write_json(place.study(plan.run_name) / "plan.json", plan.to_json())
        return Outcome.DONE

    monkeypatch.setattr(app, "run", train)
    monkeypatch.setattr(app, "report", lambda *_, apart: summary(place))
    monkeypatch.setattr("harness.cli.printing.show_summary", lambda _: None)
    return asked


def test_a_run_of_which_trials_crashed(harness, drive):
    code, output = harness("run", "one", "--set", "discriminator.dropout={times: 0.5}")
    assert code == 1
    assert "2 trials crashed in every attempt" in output
    again = output.splitlines()[-1].split("To try again: ")[1]
    words = ["harness", "run", "one", "--set", "discriminator.dropout={times: 0.5}"]
    assert shlex.split(again) == [*words, "--retry", "crashed"]
    assert harness(*shlex.split(again)[1:])[0] == 1
    assert [options.retry_crashed for options in drive] == [False, True]


@pytest.mark.parametrize(
    ("outcome", "trained", "code", "said"),
    [
        (
            Outcome.TIME,
            3,
            1,
            "The time is up: 1 trial is left.",
        ),
        (Outcome.TIME, 0, 1, "The time is up: 4 trials are left."),
        (Outcome.TIME, 4, 0, ""),
        (
            Outcome.INTERRUPTED,
            3,
            130,
            "Stopped: 1 trial is left.",
        ),
    ],
)
def test_a_run_that_was_stopped(harness, drive, place, monkeypatch, outcome, trained, code, said):
    def train(plan, runtime, options):
        running.write_plan(plan, runtime)
        for trial in plan.trials[:trained]:
            record(place, trial, 0.1)
        return outcome

    monkeypatch.setattr(app, "run", train)
    for limit in (["--max-hours", "2"], ["--max-hours=0"]):
        ended, output = harness("run", "one", *limit, "--keep", "all")
        assert ended == code
        assert said in output
        # a limit that has ended the run would end it again
        again = ["run", "one", *(limit if outcome is Outcome.INTERRUPTED else []), "--keep", "all"]
        assert (f"continue: {shlex.join(['harness', *again])}\n" in output) is bool(code)


def test_ctrl_c_while_the_report_is_written(harness, drive, monkeypatch):
    def stopped(*_, apart):
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "report", stopped)
    code, output = harness("run", "one")
    assert code == 130
    assert "Stopped. What was trained is kept; for its report: harness run one\n" in output


@pytest.mark.parametrize(("ends", "code"), [(False, 1), (True, 0)])
def test_a_run_whose_last_trial_another_command_trains(harness, drive, place, monkeypatch,
                                                       ends, code):  # fmt: skip
    def train(plan, runtime, options):
        running.write_plan(plan, runtime)
        ledger = OptunaLedger.open("one", place.study("one"), place.trials)
        last = plan.trials[-1]
        ledger.enqueue([Job(last.key, last.cell.label, last.seed, 0)])
        claim = ledger.claim("w0 of another command")
        ledger.enqueue([Job("of-another-plan", "cell", 0, 1)])
        for trial in plan.trials[: None if ends else -1]:
            record(place, trial, 0.1)
        if ends:
            ledger.finish(claim, Status.FINISHED)
        return Outcome.DONE

    monkeypatch.setattr(app, "run", train)
    ended, output = harness("run", "one")
    assert ended == code
    assert ("Another command trains the rest: 1 trial is left." in output) is bool(code)


def test_a_search_that_was_stopped_may_go_further():
    with redirect_stdout(StringIO()) as output:
        printing.show_left(2, 28, "Stopped", "harness run one")
    assert "2 trials are left, and up to 28 further ones may follow." in output.getvalue()


def test_a_variable_that_was_removed_says_what_to_do_now(place, monkeypatch, capsys):
    monkeypatch.setenv("HARNESS_STORAGE", "postgresql://ann:secret@host/queue")
    monkeypatch.setattr(sys, "argv", ["harness", "run", "one"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    errors = capsys.readouterr().err
    assert "HARNESS_STORAGE is set, and is not read any more" in errors
    assert "harness run STUDY --on ray" in errors
    assert "secret" not in errors
    monkeypatch.setenv("HARNESS_STORAGE", "")
    assert Runtime().runs.name == "runs"


def test_an_evaluation_of_which_trials_crashed(harness, drive, place):
    plan, _ = app.plan("one", place)
    for trial in plan.trials:
        record(place, trial, 0.1)
    code, output = harness("evaluate", "one", "--metric", "blocks")
    assert code == 1
    assert "To try again: harness evaluate one --metric blocks" in output
    assert drive[0].retry_crashed  # it has no option for that: to ask again is to try again


def test_a_self_check_of_which_trials_crashed(harness, drive, monkeypatch):
    monkeypatch.setattr(analysis, "self_check", lambda *_: None)
    monkeypatch.setattr("harness.cli.printing.analysis.show_self_check", lambda _: None)
    code, output = harness("self-check", "one", "--seeds", "4")
    assert code == 1
    assert "1 trial crashed in every attempt" in output
    assert "To try again: harness self-check one --seeds 4" in output
    assert drive[0].retry_crashed


@pytest.mark.parametrize(
    ("written", "failed", "code"),
    [([], ["a", "b"], 1), (["a"], ["b"], 1), (["a", "b"], [], 0), ([], [], 0)],
)
@pytest.mark.parametrize("verb", ["sync", "publish"])
def test_a_mirror_of_which_runs_failed(harness, place, monkeypatch, verb, written, failed, code):
    def sync_study(*_):
        return SyncReport("online", written, failed=dict.fromkeys(failed, "no answer"))

    monkeypatch.setattr("harness.mirror.sync.sync_study", sync_study)
    monkeypatch.setattr("harness.mirror.publish.check", lambda _: None)
    monkeypatch.setattr("harness.mirror.publish.save", lambda _: {"report": "at-home"})
    monkeypatch.setattr(app_wandb, "_summary", lambda *_: summary(place))
    (place.reports / "one").mkdir(parents=True)
    (place.reports / "one/index.html").write_text("")
    found, output = harness(verb, "one")
    assert found == code
    assert (f"{len(failed)} failed" in output) is bool(failed)
    assert ("run harness sync again" in output) is bool(failed)
    assert ("at-home" in output) is (verb == "publish")
