"""How trials ended: one count, one sentence, and every page and program that has it from there."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness import app
from harness.analysis.frame import load
from harness.cli import printing as terminal
from harness.report import render, summarise_run
from harness.report.data import analyse
from harness.report.sections import failures, methods, verdict
from harness.runs.outcomes import Outcomes
from tests.synthetic import TIDY, TIPS, Recipe, all_trials, build

RUN = Recipe.run_name
FINISHED, FLAG, COLLAPSED = ("finished", []), ("finished", ["rebound"]), ("finished", ["collapsed"])


@pytest.mark.parametrize(
    ("trials", "sentence"),
    [
        ([], "0 of 0 trials finished"),
        ([FINISHED], "1 of 1 trial finished, no failure"),
        ([FINISHED] * 2, "2 of 2 trials finished, no failure"),
        ([FINISHED, FLAG], "2 of 2 trials finished, no failure, 1 with a flag"),
        ([FINISHED, ("begun", [])], "1 of 2 trials finished, no failure so far, 1 not ended"),
        ([("missing", [])] * 3, "0 of 3 trials finished, 3 not ended"),
        ([COLLAPSED] * 3, "3 of 3 trials finished, all of them collapsed"),
        ([COLLAPSED, FINISHED], "2 of 2 trials finished, 1 of them collapsed"),
        ([("diverged", ["collapsed"])] * 2, "0 of 2 trials finished, 2 diverged"),
        ([("crashed", []), FINISHED], "1 of 2 trials finished, 1 crashed"),
        ([("pruned", []), FINISHED], "1 of 2 trials finished, no failure, 1 pruned"),
    ],
)  # fmt: skip
def test_the_sentence(trials, sentence):
    found = Outcomes.of(trials)
    assert found.sentence == sentence
    ends = found.finished + found.diverged + found.crashed + found.pruned + found.not_ended
    assert ends == found.trials == len(trials)


QUICK = TIDY.baseline | {"training.evaluations": 5, "training.kimg": 32.0}
SMALL = replace(TIDY, tips=TIPS[:2], seeds=range(2), baseline=QUICK, grids=1)
EVERY = all_trials(SMALL)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (SMALL, "6 of 6 trials finished, no failure"),
        (replace(SMALL, collapsed=EVERY), "6 of 6 trials finished, all of them collapsed"),
        (replace(SMALL, diverged=EVERY), "0 of 6 trials finished, 6 diverged"),
        (replace(SMALL, crashed=EVERY), "0 of 6 trials finished, 6 crashed"),
        (replace(SMALL, missing=EVERY[1:]), "1 of 6 trials finished, no failure so far, 5 not"),
    ],
)
def test_every_place_says_the_same(tmp_path: Path, monkeypatch, capsys, recipe, said):
    monkeypatch.setattr("harness.report.page.SECTIONS", Sections())
    runtime = build(tmp_path, recipe)
    page = render(RUN, runtime).path
    assert said in page.read_text()
    assert said in (page.parent / "report.md").read_text()
    about = json.loads((page.parent / "summary.json").read_text())
    assert said in about["outcome"]
    assert said in (runtime.reports / "index.html").read_text()
    assert said in app.status(runtime)[0]["outcome"]
    monkeypatch.setenv("COLUMNS", "200")
    terminal.show_summary(summarise_run(RUN, runtime))
    terminal.show_status(app.status(runtime))
    output = capsys.readouterr().out
    assert output.count(said) == 1
    finished = int(said.split()[0])
    assert f" {finished}/6 " in output.splitlines()[-1]  # `status` is one line a run
    data = analyse(load(RUN, runtime))
    (tiles,) = (block for block in verdict.build(data) if block.kind == "numbers")
    (tile,) = (tile for tile in tiles.numbers if tile[0] == "Trials finished")
    _, finished, others = tile
    assert said in f"{finished} trials finished, {others}"
    bad = data.outcomes.failures
    every = [block.text for block in methods.build(data) if block.kind == "text"]
    if bad:
        assert not [text for text in every if "no failure" in text]
        assert f"{bad} " in every[-1].split("Of 6 trials")[1]


class Sections(dict):
    """The report's section on failures alone."""

    def __iter__(self):
        return iter(["failures"])

    def load(self, name):
        return failures.build


@pytest.mark.parametrize(("seeds", "most"), [(3, 71), (8, 37)])
def test_what_no_failure_still_allows_follows_from_the_number_of_trials(tmp_path, seeds, most):
    """The rate at which so many trials are all fine with probability 2.5 %."""
    assert round(100 * (1 - 0.025 ** (1 / seeds))) == most
    recipe = replace(SMALL, seeds=range(seeds), collapsed=[("reference", 0)])
    for name, one in (("a", recipe), ("b", replace(recipe, collapsed=()))):
        data = analyse(load(RUN, build(tmp_path / name, one)))
        texts = [block.text for block in failures.build(data) if block.kind == "text"]
        (said,) = [text for text in texts if "still allow" in text]
        assert f"0 failures of {seeds} in a cell still allow a rate of up to {most} %" in said


def flag(runtime, key, *flags):
    path = runtime.trials / key / "result.json"
    raised = [{"flag": name, "kimg": 32.0, "identity": None} for name in flags]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"flags": raised}))


def test_the_flags_that_are_counted_are_named_after_a_run(tmp_path):
    runtime = build(tmp_path, SMALL)
    keys = [trial.key for trial in load(RUN, runtime).plan.trials]
    flag(runtime, keys[0], "collapsed", "accuracy_above_band")  # its other flags count, too
    for key in keys[1:3]:
        flag(runtime, key, "accuracy_above_band")
    flag(runtime, keys[3], "accuracy_above_band", "idle_penalty.r1")
    assert summarise_run(RUN, runtime).outcome == (
        "6 of 6 trials finished, 1 of them collapsed, 3 with other flags. Flags, and in how many "
        "trials: real accuracy above 0.95 (4) and penalty r1 does nothing here: its gradient is "
        "below 1 % of the loss's (1); the report lists them by cell."
    )
