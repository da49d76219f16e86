"""The command line: what it offers, what it prints, and how it leaves."""

import json
import re
import sys

import pytest

from harness import cli
from harness.config.patch import KNOBS
from harness.heuristics import HEURISTICS

VERBS = [
    "plan",
    "run",
    "report",
    "status",
    "show",
    "evaluate",
    "samples",
    "sync",
    "clean",
    "heuristics",
    "knobs",
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
    offered = re.findall(r"^[│ ] ?([a-z]+) +[A-Z]", output, re.MULTILINE)
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
    assert all(name in harness("heuristics")[1].replace("\n", "") for name in ["spectral_norm"])
    document = json.loads(harness("heuristics", "--json")[1])
    assert [tip["id"] for tip in document] == list(HEURISTICS)
    [one] = json.loads(harness("heuristics", "spectral_norm", "--json")[1])
    assert one["following"] == {"discriminator.spectral_norm": True}
    explained = harness("heuristics", "spectral_norm")[1]
    assert "S0: helps: can help with stability" in explained
    assert "ignoring: discriminator.spectral_norm = False" in explained


def test_every_knob_is_listed(harness):
    output = harness("knobs")[1]
    assert all(f"| `{knob}` |" in output for knob in KNOBS)


def test_status_of_nothing(harness):
    assert "start with: harness run quickstart" in harness("status")[1]
    assert json.loads(harness("status", "--json")[1]) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "on"], "harness: unknown study 'on'; did you mean 'one'?\n"),
        (["heuristics", "spectral"], "harness: unknown heuristic 'spectral'; did you mean"),
        (["run", "one", "--retry", "lost"], "harness: --retry: 'lost' is unknown; the only choice"),
        (["run", "one", "--keep", "none"], "harness: --keep: 'none' is unknown; the only choice"),
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
