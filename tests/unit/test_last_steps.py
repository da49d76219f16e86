"""What follows the last trial of a run says which step it is at."""

import io
import sys
from types import SimpleNamespace

import pandas as pd
import pytest
from rich.console import Console

from harness import cli
from harness.cli.printing.terminal import Terminal, step
from harness.execution.local import Outcome
from harness.report.summary import Summary

STUDY = """title: A study
question: Does it help?
baseline: {data.name: digits, data.image_size: 16, training.kimg: 6.4, training.evaluations: 5}
heuristics: [generator_ema]
seeds: 2
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a study whose trials and report take no time: output and errors."""
    monkeypatch.chdir(tmp_path)
    for name in ("RUNS", "REPORTS", "STUDIES"):
        monkeypatch.delenv(f"HARNESS_{name}", raising=False)
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/one.yaml").write_text(STUDY)
    summary = Summary([], [], "4 of 4 trials finished.", "It helps.", tmp_path, pd.DataFrame())

    def reported(*_, apart):
        print("report is written")
        return summary

    monkeypatch.setattr("harness.app.run", lambda *_: Outcome.DONE)
    monkeypatch.setattr("harness.app.given_up", lambda *_: [])
    monkeypatch.setattr("harness.app.report", reported)
    monkeypatch.setattr("harness.app.wandb.sync", lambda *_: SimpleNamespace(said="W&B: done"))

    def go(*options):
        monkeypatch.setattr(sys, "argv", ["harness", "run", "one", *options])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        captured = capsys.readouterr()
        return captured.out.splitlines(), captured.err.splitlines()

    return go


STEPS = ["Writing the report …", "report is written", "Mirroring to W&B …", "W&B: done"]


def test_report_and_mirror_are_named_before_they_begin(run):
    lines, _ = run()
    at = lines.index(STEPS[0])
    assert lines[at : at + len(STEPS)] == STEPS


def test_with_json_the_results_are_alone_on_standard_output(run):
    lines, errors = run("--json")
    assert (lines[0], lines[-1]) == ("{", "}")
    assert ' "verdict": "It helps.",' in lines
    assert set(STEPS) <= set(errors)


def test_on_a_terminal_a_step_moves_and_leaves_nothing_behind():
    terminal = Console(file=io.StringIO(), force_terminal=True, width=60)
    with step("Writing the report", terminal):
        pass
    drawn = terminal.file.getvalue()
    assert "Writing the report …" in drawn
    assert "\x1b[2K" in drawn.rpartition("Writing")[2]  # the line is erased


def test_without_a_terminal_standard_error_stays_for_errors(capsys):
    with step("Writing the report", Terminal(stderr=True)):
        pass
    assert capsys.readouterr().err == ""
