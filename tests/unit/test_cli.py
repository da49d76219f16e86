"""The command line: what it offers, what it prints, and how it leaves."""

import inspect
import json
import re
import sys
from pathlib import Path

import pytest

from harness import cli
from harness.app import wandb as app_wandb
from harness.cli import analysis, lists, record, running, studies, wandb
from harness.config.patch import KNOBS
from harness.heuristics import HEURISTICS
from harness.runs.rows import ScoreRow

VERBS = [
    "plan",
    "run",
    "evaluate",
    "report",
    "status",
    "show",
    "clean",
    "serve",
    "samples",
    "studies",
    "heuristics",
    "knobs",
    "doctor",
    "compare",
    "rank",
    "self-check",
    "sync",
    "publish",
    "export",
    "agent",
]
STUDY = """title: A study
question: Does [it] help?
baseline: {data.name: digits, data.image_size: 16, training.kimg: 6.4, training.evaluations: 5}
heuristics: [generator_ema]
factors: {loss.name: [wasserstein]}
seeds: 2
"""


@pytest.fixture
def harness(tmp_path, monkeypatch, capsys):
    """Run the command line in this process: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    for name in ("RUNS", "REPORTS", "STUDIES", "STORAGE"):
        monkeypatch.delenv(f"HARNESS_{name}", raising=False)
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/one.yaml").write_text(STUDY)

    def go(*arguments):
        monkeypatch.setattr(sys, "argv", ["harness", *arguments])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return go


def test_help_lists_every_verb_and_hides_the_workers(harness):
    code, output, _ = harness("--help")
    assert code == 0
    offered = re.findall(r"^[│ ] ?([a-z-]+) +[A-Z]", output, re.MULTILINE)
    assert offered == VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(harness, verb):
    code, output, _ = harness(verb, "--help")
    assert code == 0
    assert f"harness {verb}" in output


def test_a_plan_for_people(harness):
    code, output, _ = harness("plan", "one")
    assert code == 0
    assert "A study (one: the study has no profiles)" in output
    assert "Does [it] help?" in output
    assert "3 cells × 2 seeds = 6 trials; 0 already trained, 6 to train" in output
    assert "To do: 38 kimg, time unmeasured, disk" in output  # 6 x 6.4
    assert "Advised against loss.name=wasserstein: the Wasserstein loss needs" in output


def test_a_plan_for_programs(harness):
    code, output, _ = harness("plan", "one", "--json", "--set", "training.kimg=3.2")
    assert code == 0
    document = json.loads(output)
    assert re.fullmatch(r"one-[0-9a-f]{6}", document["run_name"])
    assert (document["to_train"], document["to_score"], document["images"]) == (6, 0, 6 * 3200)
    assert len(document["trials"]) == 6


def test_planning_writes_nothing(harness, tmp_path):
    harness("plan", "one")
    assert [path.name for path in tmp_path.iterdir()] == ["studies"]


def test_tips_for_people_and_for_programs(harness):
    document = json.loads(harness("heuristics", "--json")[1])
    assert [row["id"] for row in document] == list(HEURISTICS)
    assert all({"topic", "kind", "statement", "claims"} <= set(row) for row in document)
    [one] = json.loads(harness("heuristics", "hinge_loss", "--json")[1])
    assert (one["following"], one["topic"]) == ({"loss.name": "hinge"}, "losses")
    assert "one_sided_label_smoothing" in one["clashes"]
    explained = harness("heuristics", "hinge_loss")[1]
    assert "S0 no effect: no loss consistently outperforms the default" in explained
    assert "ignoring: loss.name = non_saturating" in explained
    assert re.search("Cannot be combined with: .*one_sided_label_smoothing", explained)


def test_a_practice_is_explained_by_what_the_harness_does(harness):
    explained = harness("heuristics", "wasserstein_clipped")[1]
    assert "clipped to [-0.01, 0.01]." in explained  # no markup
    explained = harness("heuristics", "separate_optimizers")[1]
    assert "(separate_optimizers, default)" in explained
    assert "Each network has its own optimiser" in explained
    assert "Tested by tests/gan/test_step.py::" in explained
    [one] = json.loads(harness("heuristics", "separate_optimizers", "--json")[1])
    assert (one["kind"], "clashes" in one) == ("default", False)


@pytest.mark.parametrize("columns", [80, 120])
def test_ids_are_whole_and_lines_fit(harness, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = harness("heuristics")[1].splitlines()
    assert max(map(len, lines)) <= columns
    first = [line.split(" ")[0] for line in lines]
    assert [word for word in first if word in HEURISTICS] == list(HEURISTICS)


@pytest.mark.parametrize(
    ("arguments", "right"),
    [
        (["--topic", "losses"], lambda row: row["topic"] == "losses"),
        (["--kind", "advice"], lambda row: row["kind"] == "advice"),
        (["--source", "S3"], lambda row: any(said["source"] == "S3" for said in row["claims"])),
        (
            ["--effect", "hurts"],
            lambda row: any(said["effect"] == "hurts" for said in row["claims"]),
        ),
        (
            ["--source", "S0", "--effect", "no_effect", "--topic", "regularization"],
            lambda row: (
                row["topic"] == "regularization"
                and any(
                    (said["source"], said["effect"]) == ("S0", "no_effect")
                    for said in row["claims"]
                )
            ),
        ),
    ],
)
def test_heuristics_are_chosen(harness, arguments, right):
    every = json.loads(harness("heuristics", "--json")[1])
    found = json.loads(harness("heuristics", "--json", *arguments)[1])
    assert found == [row for row in every if right(row)]
    assert 0 < len(found) < len(every)


def test_no_heuristic_is_all_of_that(harness):
    wanted = ["heuristics", "--kind", "protocol", "--topic", "losses"]
    assert harness(*wanted)[1] == "No heuristic matches these filters\n"
    assert json.loads(harness(*wanted, "--json")[1]) == []


def test_every_knob_is_listed(harness):
    output = harness("knobs")[1]
    assert all(f"| `{knob}` |" in output for knob in KNOBS)


def test_status_of_nothing(harness):
    assert "start with: harness run quickstart" in harness("status")[1]
    assert json.loads(harness("status", "--json")[1]) == []


def test_json_of_every_verb_is_read_by_strict_parsers(harness, monkeypatch):
    """A number that is not known is null, in whatever a verb has to print."""
    unknown = {"a": [float("nan"), float("inf")]}
    monkeypatch.setattr("harness.app.status", lambda runtime: unknown)
    monkeypatch.setattr("harness.plan.forecast.Forecast.to_json", lambda self: unknown)
    monkeypatch.setattr("harness.heuristics.describe.record", lambda row: unknown)
    monkeypatch.setattr("harness.app.analysis.Ranking.to_json", lambda self: unknown)
    Path("r.csv").write_text("a,b,kid\n1,1,1\n2,1,2\n1,2,2\n2,2,3\n")
    rank = ("rank", "r.csv", "--treatment", "a", "--block", "b", "--value", "kid")
    monkeypatch.setattr("harness.app.doctor.diagnosis.Diagnosis.to_json", lambda self: unknown)
    monkeypatch.setattr("harness.app.doctor.machine.check_devices", list)
    asked = (("status",), ("plan", "one"), ("heuristics",), rank, ("doctor",))
    calls = {call[0]: call for call in asked}
    offered = {
        command.name or command.callback.__name__
        for part in (running.app, studies.app, lists.app, record.app, analysis.app, wandb.app)
        for command in part.registered_commands
        if "as_json" in inspect.signature(command.callback).parameters
    }
    assert offered == set(calls)
    for call in calls.values():
        code, output, _ = harness(*call, "--json")
        assert code == 0, call
        assert "null" in output
        json.loads(output, parse_constant=pytest.fail)


def test_an_agent_is_asked_for_knobs_as_set_would_name_them(harness, monkeypatch):
    asked = []

    def train(plan, runtime, cell, seed, say):
        asked.append(plan.trial(cell, seed))
        say(ScoreRow(kimg=3.2, kid=0.0125))
        return "crashed", "MemoryError"

    monkeypatch.setattr(app_wandb, "train", train)
    swept = ["--cell=generator_ema=off", "--seed=1", "--discriminator.spectral_norm=True"]
    code, output, _ = harness("agent", "one", *swept, "--set", "training.kimg=3.2")
    assert code == 1
    assert output.splitlines()[1:] == ["3.2 kimg: KID 12.5 × 10⁻³", "crashed: MemoryError"]
    [trial] = asked
    same = ["--set", "discriminator.spectral_norm=true", "--set", "training.kimg=3.2"]
    document = json.loads(harness("plan", "one", "--json", *same)[1])
    keys = {(row["cell"], row["seed"]): row["key"] for row in document["trials"]}
    assert trial.key == keys["generator_ema=off", 1]
    assert output.startswith(f"{document['run_name']}: generator_ema=off seed 1 ({trial.key})")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "on"], "harness: unknown study 'on'; did you mean 'one'?\n"),
        (
            ["heuristics", "spectral_nrom"],
            "harness: unknown heuristic 'spectral_nrom'; did you mean 'spectral_norm'?",
        ),
        (
            ["heuristics", "--topic", "loses"],
            "harness: unknown topic 'loses'; did you mean 'losses'?",
        ),
        (
            ["heuristics", "--kind", "settings"],
            "harness: unknown kind 'settings'; did you mean 'setting'?",
        ),
        (
            ["heuristics", "--source", "Brownlee"],
            "harness: unknown source 'Brownlee'; choose one of: S0, S1, S2, S3, S4",
        ),
        (
            ["heuristics", "--effect", "helpful"],
            "harness: unknown effect 'helpful'; did you mean 'helps'?",
        ),
        (
            ["heuristics", "spectral_norm", "--topic", "losses"],
            "harness: spectral_norm is a single heuristic: give its id",
        ),
        (["publish", "one"], "harness: to publish, W&B needs "),
        (["export", "one"], "harness: export: give either --wandb-sweep or --record"),
        (["agent", "one", "--seed=5"], "harness: one: reference has no seed 5 (seeds: 0, 1)"),
        (["agent", "one", "--loss.name"], "harness: --loss.name: write it as name=value"),
        (
            ["run", "one", "--retry", "lost"],
            "harness: --retry: unknown value 'lost'; the only choice",
        ),
        (
            ["run", "one", "--keep", "none"],
            "harness: --keep: unknown value 'none'; the only choice",
        ),
    ],
)
def test_a_mistake_is_one_message_on_stderr(harness, arguments, said):
    code, output, errors = harness(*arguments)
    assert (code, output) == (2, "")
    assert errors.startswith(said)


@pytest.mark.parametrize(
    "arguments", [["plan"], ["nosuch"], ["plan", "one", "--workers", "0"], ["run", "one", "--bad"]]
)
def test_a_wrong_command_line_is_explained(harness, arguments):
    code, _, errors = harness(*arguments)
    assert code == 2
    assert "--help" in errors
