"""`harness clean` says what it would free, and asks before it deletes."""

import io
import json
import sys

import pytest
from test_app import begin, runtime, trained

from harness import cli
from harness.app.cleaning import waste
from harness.config.runtime import Runtime

__all__ = ["runtime"]
LEFT = (
    "one: would delete the weights of 3 trials, 600 B; 1 trial kept (unfinished, or needed by "
    "another run); without weights a trial cannot be scored with another metric or sampled\n"
)


class Keyboard(io.StringIO):
    """What somebody types on a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def clean(runtime, tmp_path, monkeypatch, capsys):
    """Run the verb on four trials, one of them not finished: exit code, output, what is left."""
    monkeypatch.chdir(tmp_path)
    for name in ("RUNS", "STUDIES"):
        monkeypatch.delenv(f"HARNESS_{name}", raising=False)
    plan = begin(runtime, "one")
    *finished, begun = plan.trials
    for trial in finished:
        trained(runtime, trial)
    (runtime.trials / begun.key / "checkpoint").mkdir(parents=True)

    def go(*options, keyboard=None):
        monkeypatch.setattr(sys, "argv", ["harness", "clean", "one", *options])
        monkeypatch.setattr(sys, "stdin", keyboard or io.StringIO())
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        captured = capsys.readouterr()
        left = sum((runtime.trials / trial.key / "generators").exists() for trial in finished)
        return code, captured.out, captured.err, left

    return go


def test_a_dry_run_deletes_nothing(clean):
    assert clean("--dry-run") == (0, LEFT, "", 3)
    code, output, errors, left = clean("--dry-run", "--yes")
    assert (code, output, left) == (2, "", 3)
    assert "--dry-run deletes nothing and --yes deletes: give one of them" in errors


def test_as_json(clean):
    code, output, errors, left = clean("--json")
    assert (code, output, left) == (2, "", 3)
    assert "give --yes to delete, or --dry-run" in errors
    would = {"run": "one", "trials": 3, "kept": 1, "size": 600, "freed": 0}
    code, output, errors, left = clean("--json", "--dry-run")
    assert (code, json.loads(output), errors, left) == (0, would, "", 3)
    code, output, errors, left = clean("--json", "--yes")
    assert (code, json.loads(output), errors, left) == (0, {**would, "freed": 600}, "", 0)


def test_without_a_terminal_and_without_yes_nothing_is_deleted(clean):
    code, output, errors, left = clean()
    assert (code, output, left) == (2, LEFT, 3)
    assert (
        errors == "harness: clean: nothing was deleted; to delete without being asked, add --yes\n"
    )


@pytest.mark.parametrize(
    ("answer", "left", "end"), [("y\n", 0, "600 B freed\n"), ("\n", 3, "Nothing was deleted\n")]
)
def test_on_a_terminal_it_asks(clean, answer, left, end):
    code, output, _, remaining = clean(keyboard=Keyboard(answer))
    assert (code, remaining) == (0, left)
    assert output.startswith(f"{LEFT}Delete? [y/N]: ")
    assert output.endswith(end)


def test_with_yes_it_deletes_and_then_there_is_nothing_left_to_delete(clean):
    assert clean("--yes") == (0, f"{LEFT}600 B freed\n", "", 0)
    code, output, errors, _ = clean()
    assert (code, errors) == (0, "")
    assert output.startswith("one: nothing to delete; 1 trial kept")


def test_whole_trials_count_with_all_their_files(runtime, clean):
    code, output, _, _ = clean("--trials", "--dry-run")
    assert code == 0
    assert output.startswith("one: would delete 4 trials, ")
    assert "they would have to be trained again" in output
    runtime = Runtime(runs=runtime.runs, studies=runtime.studies)
    plan = begin(runtime, "one")
    assert waste(plan, runtime, whole=True).trials == 4
