"""The command line: what it offers, what it prints, and how it leaves."""

import inspect
import json
import math
import re
import sys
from importlib import import_module
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.text import Text
from typer.main import get_command

from harness import app, cli
from harness.app import wandb as app_wandb
from harness.cli import analysis, images, lists, record, running, studies, wandb
from harness.cli.printing.tables import Table
from harness.config.patch import KNOBS
from harness.config.runtime import Runtime
from harness.execution.local import Outcome
from harness.heuristics import HEURISTICS
from harness.runs.rows import ScoreRow

VERBS = [
    "plan",
    "run",
    "evaluate",
    "report",
    "status",
    "show",
    "serve",
    "samples",
    "studies",
    "heuristics",
    "knobs",
    "doctor",
    "clean",
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
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = Text.from_ansi(harness("heuristics")[1]).plain.splitlines()
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


def test_heuristics_with_a_word_are_listed(harness):
    found = json.loads(harness("heuristics", "spectral", "--json")[1])
    assert len(found) > 1
    assert all(row["id"].startswith("spectral_norm") for row in found)
    listed = harness("heuristics", "spectral")[1]
    assert all(row["id"] in listed for row in found)


def test_no_heuristic_is_all_of_that(harness):
    wanted = ["heuristics", "--kind", "protocol", "--topic", "losses"]
    assert harness(*wanted)[1] == "No heuristic matches these filters\n"
    assert json.loads(harness(*wanted, "--json")[1]) == []


def test_every_knob_is_listed(harness):
    lines = harness("knobs")[1].splitlines()
    assert [line for line in lines if line in KNOBS] == list(KNOBS)
    assert "S0: A. Béres, Data-efficient GANs" in lines[-5]


@pytest.mark.parametrize(
    ("arguments", "right"),
    [
        (["--part", "optimizer"], lambda row: row["knob"].startswith("optimizer.")),
        (["--part", "penalties.r1"], lambda row: row["knob"].startswith("penalties.r1.")),
        (["--source", "S2"], lambda row: row["source"] == "S2"),
        (
            ["--source", "S0", "--part", "generator"],
            lambda row: row["source"] == "S0" and row["knob"].startswith("generator."),
        ),
        (["training.kimg"], lambda row: row["knob"] == "training.kimg"),
        (["kimg"], lambda row: row["knob"] == "training.kimg"),
        (["beta_1"], lambda row: row["knob"].endswith(".beta_1")),
        (["spectral"], lambda row: row["knob"].endswith(".spectral_norm")),
    ],
)
def test_knobs_are_chosen(harness, arguments, right):
    every = json.loads(harness("knobs", "--json")[1])
    found = json.loads(harness("knobs", "--json", *arguments)[1])
    assert found == [row for row in every if right(row)]
    assert 0 < len(found) < len(every)
    listed = harness("knobs", *arguments)[1]
    assert [line for line in listed.splitlines() if line in KNOBS] == [r["knob"] for r in found]


def test_status_of_nothing(harness):
    assert "start with: harness run quickstart" in harness("status")[1]
    assert json.loads(harness("status", "--json")[1]) == []


PARTS = (part.app for part in (running, studies, images, lists, record, analysis, wandb))
CALLBACKS = {
    command.name or command.callback.__name__.rstrip("_"): command.callback
    for part in PARTS
    for command in part.registered_commands
}


def reached(function, seen):
    """Every function and class of the command line that a function may call, however deep."""
    if function in seen:
        return seen
    seen.add(function)
    if inspect.isclass(function):
        return seen
    names = {module for code in codes(function.__code__) for module in code.co_names}
    modules = [sys.modules[function.__module__]]
    # a verb imports its printers when it is called
    modules += [
        import_module(name)
        for code in codes(function.__code__)
        for name in code.co_names
        if name.startswith("harness.cli")
    ]
    for module, name in product(modules, names):
        called = getattr(module, name, None)
        if getattr(called, "__module__", "").startswith("harness.cli") and callable(called):
            reached(called, seen)
    return seen


def codes(code):
    """A function's code, and that of the functions in it."""
    inner = [constant for constant in code.co_consts if inspect.iscode(constant)]
    return [code, *(deeper for one in inner for deeper in codes(one))]


NO_TABLE = {  # verbs without --json, and what they print
    "serve": "an address",
    "samples": "where the images are",
    "self-check": "a sentence",
    "sync": "a sentence",
    "publish": "a sentence",
    "export": "a document of another kind, or where it is",
    "agent": "scores as they come",
    **dict.fromkeys(("work", "gather", "mirror"), "nothing, in a process of its driver"),
}
OFFERED = {
    verb
    for verb, callback in CALLBACKS.items()
    if "as_json" in inspect.signature(callback).parameters
}


def test_every_verb_prints_json_or_is_known_to_print_no_table():
    """A new verb has `--json`, or is named above with what it prints."""
    assert set(CALLBACKS) == OFFERED | set(NO_TABLE)
    assert OFFERED.isdisjoint(NO_TABLE)
    assert set(VERBS) <= set(CALLBACKS)


@pytest.mark.parametrize("verb", CALLBACKS)
def test_a_verb_that_prints_a_table_prints_json_too(verb):
    parts = reached(CALLBACKS[verb], set())
    if verb in NO_TABLE:
        assert Table not in parts
    assert ("--json" in options(verb)) is (verb in OFFERED)


def test_tables_are_seen_from_the_verbs():
    """Else the test above would let everything pass."""
    tables = {verb for verb, callback in CALLBACKS.items() if Table in reached(callback, set())}
    lists = {"status", "doctor", "knobs", "clean", "show"}  # lines, one a run, a finding, a fact
    assert tables | lists == OFFERED
    assert tables.isdisjoint(lists)


def options(verb):
    """The options that its help lists."""
    command = get_command(cli.app).commands[verb]
    return {option for item in command.params for option in item.opts}


def test_json_of_every_verb_is_read_by_strict_parsers(harness, monkeypatch):
    """A number that is not known is null, in whatever a verb has to print."""
    unknown = {"a": [float("nan"), float("inf")]}
    record = SimpleNamespace(to_json=lambda: unknown, said="")
    monkeypatch.setattr("harness.app.status", lambda runtime: unknown)
    monkeypatch.setattr("harness.app.study_rows", lambda runtime: unknown)
    monkeypatch.setattr("harness.app.report", lambda name, runtime, apart: record)
    monkeypatch.setattr("harness.app.run", lambda *args: Outcome.DONE)
    monkeypatch.setattr("harness.app.given_up", lambda *args: [])
    monkeypatch.setattr("harness.app.evaluate", lambda *args: app.plan("one", Runtime())[0])
    monkeypatch.setattr("harness.app.wandb.sync", lambda *args: record)
    monkeypatch.setattr("harness.cli.printing.show_summary", lambda summary: None)
    monkeypatch.setattr("harness.app.analysis.compare", lambda *args: (record, Path("page")))
    monkeypatch.setattr("harness.plan.forecast.Forecast.to_json", lambda self: unknown)
    monkeypatch.setattr("harness.heuristics.describe.record", lambda row: unknown)
    monkeypatch.setattr("harness.config.describe.rows", lambda: [{"knob": "", "source": math.nan}])
    monkeypatch.setattr("harness.app.analysis.Ranking.to_json", lambda self: unknown)
    Path("r.csv").write_text("a,b,kid\n1,1,1\n2,1,2\n1,2,2\n2,2,3\n")
    rank = ("rank", "r.csv", "--treatment", "a", "--block", "b", "--value", "kid")
    monkeypatch.setattr("harness.app.doctor.diagnosis.Diagnosis.to_json", lambda self: unknown)
    monkeypatch.setattr("harness.app.doctor.machine.check_devices", list)
    calls = [("status",), ("plan", "one"), ("heuristics",), rank, ("doctor",), ("studies",)]
    calls += [("knobs",), ("run", "one"), ("report", "one"), ("compare", "a", "b")]
    calls += [("evaluate", "one", "--metric", "blocks"), ("clean", "one", "--dry-run")]
    monkeypatch.setattr("harness.app.cleaning.Waste.to_json", lambda self: unknown)
    calls += [("show", "0123")]
    monkeypatch.setattr("harness.app.show", lambda key, runtime: record)
    assert {call[0] for call in calls} == OFFERED
    for call in calls:
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
    name = "Moving average of the generator: off"
    assert output.startswith(f"{document['run_name']}: {name}, seed 1 ({trial.key})")


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
        (["heuristics", "spectrall"], "harness: unknown heuristic 'spectrall'; did you mean 'spec"),
        (["knobs", "spectrall"], "harness: unknown hyper-parameter 'spectrall'; did you mean"),
        (["knobs", "seeds"], "harness: seeds is a key of a study, and no hyper-parameter: docs/"),
        (["knobs", "epochs"], "harness: epochs is another way to write training.kimg: harness kn"),
        (["knobs", "kimgg"], "harness: unknown hyper-parameter 'kimgg'; did you mean 'kimg'?"),
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


RANK = ["rank", "a.csv", "--treatment", "t", "--block", "b", "--value", "v"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            [*RANK, "--lower-is-better", "--higher-is-better"],
            "--lower-is-better and --higher-is-better contradict each other: give one of them",
        ),
        (["plan", "one", "--profile", "a", "--profile=b"], "--profile is given twice"),
        (["export", "one", "-o", "a", "--out", "b"], "--out is given twice"),
        (["export", "one", "--record", "--out", "a"], "export: --out is for --wandb-sweep"),
        (["doctor", "--profile", "smoke"], "doctor: --profile and --set name the run of a study"),
        (["clean", "one", "--yes", "--dry-run"], "clean: --dry-run deletes nothing and --yes"),
        (["run", "one", "--on", "ray", "--workers", "1"], "--workers is for runs without Ray"),
    ],
)
def test_options_that_contradict_each_other_are_refused(harness, arguments, said):
    code, output, errors = harness(*arguments)
    assert (code, output) == (2, "")
    assert errors.startswith(f"harness: {said}")


def test_a_setting_of_several_values_may_be_repeated(harness):
    changes = ("--set", "training.kimg=3.2", "--set", "training.evaluations=2")
    assert harness("plan", "one", *changes)[0] == 0


@pytest.mark.parametrize(
    "arguments", [["plan"], ["nosuch"], ["plan", "one", "--workers", "0"], ["run", "one", "--bad"]]
)
def test_a_wrong_command_line_is_explained(harness, arguments):
    code, _, errors = harness(*arguments)
    assert code == 2
    assert "--help" in errors
