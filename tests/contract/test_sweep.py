"""A sweep of W&B: its file as W&B reads it, and a trial as W&B's own agent starts it, offline."""

import json
import multiprocessing
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import mirrored
import pytest
import yaml

from harness import app, cli
from harness.analysis import frame
from harness.app import wandb as app_wandb
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.mirror.publication import study_publication
from harness.mirror.sweep import study_sweep, to_yaml
from harness.queue.base import Status
from tests.e2e.place import Place, working_here

STUDY = """title: A sweep
question: Does it run?
baseline:
  data.name: digits
  data.image_size: 16
  generator.width: 8
  discriminator.width: 8
  training.batch_size: 16
  training.kimg: 0.8
  training.evaluations: 5
  evaluation.samples: 256
  evaluation.subset_size: 128
heuristics: [generator_ema]
design: one_at_a_time
seeds: 2
profiles: {smoke: {}, cpu: {}}
"""
ROOT = Path(__file__).parents[2]
CELL, SEED = "generator_ema=off", 1


@pytest.fixture
def place(tmp_path, monkeypatch, cache):
    monkeypatch.chdir(tmp_path)
    cache.mkdir(exist_ok=True)
    Path("runs").mkdir()
    Path("runs/cache").symlink_to(cache.resolve())  # data and encoder, made once
    Path("studies").mkdir()
    Path("studies/swept.yaml").write_text(STUDY)
    return Runtime(Path("runs"), Path("reports"), Path("studies"), tracking="offline")


def planned(place, profile="smoke", settings=()):
    return app.plan("swept", place, profile, app.one_off(list(settings)))[0]


def read_by_wandb(path):
    """As `wandb sweep` does, whose own function leaves the file open."""
    return yaml.safe_load(Path(path).read_text())


def test_a_sweep_is_every_trial_of_the_plan_once(place):
    plan = planned(place)
    said = app_wandb.sweep(plan, "swept", place, Path("out/sweep.yaml"))
    assert Path("out/sweep.yaml").read_text() == said
    document = read_by_wandb("out/sweep.yaml")
    assert document["method"] == "grid"
    assert document["project"] == "gan-ablation"
    assert document["metric"] == {"name": "final", "goal": "minimize"}
    values = {name: choice["values"] for name, choice in document["parameters"].items()}
    pairs = [(cell, seed) for cell in values["cell"] for seed in values["seed"]]
    assert sorted(pairs) == sorted((trial.cell.label, trial.seed) for trial in plan.trials)


def test_the_command_of_a_sweep_names_the_same_run(place):
    settings = ["discriminator.dropout=0.2", "generator.width={times: 2}", "loss.name=hinge"]
    plan = planned(place, "cpu", settings)
    command = study_sweep(plan, "swept", "gan-ablation")["command"]
    *_, study, profile, a, b, c, args = command
    assert (study, profile, args) == ("swept", "--profile=cpu", "${args}")
    again = planned(place, "cpu", [text.removeprefix("--set=") for text in (a, b, c)])
    assert again.run_name == plan.run_name
    assert again.trials == plan.trials


@pytest.mark.parametrize("word", ["yes", "on", "1e3", "null", "a: b", "- x", "0o7"])
def test_words_stay_words_in_the_yaml_that_wandb_reads(tmp_path, word):
    path = tmp_path / "sweep.yaml"
    document = {"command": ["${env}", word], "parameters": {word: {"values": [0, 1e-5, word]}}}
    path.write_text(to_yaml(document))
    assert read_by_wandb(path) == document


class Agent:
    """W&B's own agent, which starts what its server would ask for."""

    def __init__(self, document, folder):
        from wandb.wandb_agent import Agent

        self.agent = Agent(None, multiprocessing.Queue(), sweep_id="sweep0", count=1)
        self.agent._sweep_command = document["command"]
        self.program, self.folder = document["program"], folder

    def run(self, run_id, **values):
        """The exit code of the process that the agent starts, waited for."""
        return self.start(run_id, **values).wait(timeout=300)

    def here(self, run_id, **values):
        """The same command in this process, where TensorFlow is ready; it ends well."""
        with patch("wandb.wandb_agent.AgentProcess") as process:
            self.start(run_id, **values)
        _, program, *words = process.call_args.kwargs["command"]
        assert program == "harness"
        with working_here():
            code, output, errors = Place(self.folder).call(*words)
        assert code == 0, output + errors

    def start(self, run_id, **values):
        """The process that the agent starts."""
        args = {name: {"value": value} for name, value in values.items()}
        said = self.agent._process_command(
            {"type": "run", "run_id": run_id, "program": self.program, "args": args}
        )
        assert "exception" not in said, said
        return self.agent._run_processes[run_id]


@pytest.fixture
def agent(place, monkeypatch, tmp_path):
    """The agent of an exported sweep, with `harness` on its path; offline, and no account."""
    wandb = pytest.importorskip("wandb")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/harness"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m harness "$@" >> said.txt 2>&1\n')
    program.chmod(0o755)
    wandb.teardown()  # the agent has a service of its own: no name of an ended one comes back
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "WANDB_MODE": "offline",
        "WANDB_SWEEP_ID": "sweep0",
        "WANDB_DIR": str(tmp_path),
        "WANDB_RUN_ID": "",  # the agent sets both in this process
        "WANDB_SWEEP_PARAM_PATH": "",
    }.items():
        monkeypatch.setenv(name, value)
    app_wandb.sweep(planned(place), "swept", place, Path("sweep.yaml"))
    yield Agent(read_by_wandb("sweep.yaml"), tmp_path)
    wandb.teardown()  # else later runs of this process join the sweep


def sweep_run(run_id):
    (folder,) = Path("runs/studies/swept-smoke/wandb").glob(f"offline-run-*-{run_id}")
    return folder


@pytest.mark.tf
def test_wandbs_agent_trains_a_trial_of_the_study(agent, place, tmp_path):
    assert agent.run("run0", cell=CELL, seed=SEED) == 0, Path("said.txt").read_text()
    plan = planned(place)
    key = plan.trial(CELL, SEED).key
    assert [path.name for path in place.trials.iterdir()] == [key]
    result = json.loads((place.trials / key / "result.json").read_text())
    assert (result["status"], result["attempts"]) == ("finished", 1)
    assert "0.8 kimg: KID" in Path("said.txt").read_text()

    folder = sweep_run("run0")
    run = mirrored.records(folder, "run")[-1]
    assert (run["run_id"], run["sweep_id"]) == ("run0", "sweep0")
    assert (run["run_group"], run["job_type"]) == ("swept-smoke", CELL)
    whole = mirrored.summary(folder)
    assert (whole["config"]["cell"], whole["config"]["seed"]) == (CELL, SEED)
    assert whole["config"]["training.kimg"] == 0.8
    assert whole["config"]["levels"] == {"generator_ema": "off"}
    assert whole["notes"] == "Run it again: harness run swept --profile smoke"
    assert mirrored.records(folder, "stats")  # of the machine that trained it
    assert whole["summary"]["status"] == "finished"
    history = mirrored.history(folder)
    final = frame.load("swept-smoke", place).trials.set_index("key")["final"][key]
    asked = read_by_wandb("sweep.yaml")["metric"]["name"]
    assert whole["summary"][asked] == pytest.approx(final)
    assert whole["summary"]["kid_last"] == pytest.approx(history[-1]["kid"])
    logged = {name.split(".")[0] for row in history for name in row}
    shown = study_publication(plan.record(), "p", "", []).sections
    asked = {
        name for part in shown if part.runs == "trials" for p in part.panels for name in p.keys
    }
    assert asked <= logged  # what is published is what is logged

    # the trial is that of `harness run`: nothing is left of it to train, to mirror or to say twice
    document = Place(tmp_path).plan("swept", "--profile", "smoke")
    assert (document["to_train"], len(document["trials"])) == (3, 4)
    assert app_wandb.sync("swept-smoke", place).said.startswith(
        "W&B (offline): runs 1 already complete"
    )

    # asked for again by another sweep, it is logged there and not trained
    before = (place.trials / key / "metrics.jsonl").stat().st_mtime_ns
    agent.here("run1", cell=CELL, seed=SEED)
    assert (place.trials / key / "metrics.jsonl").stat().st_mtime_ns == before
    again = mirrored.history(sweep_run("run1"))
    assert [row["_step"] for row in again] == [row["_step"] for row in history]


@pytest.mark.tf
@pytest.mark.slow
def test_a_sweep_over_knobs_trains_what_set_would_name(agent, place):
    agent.here("run0", **{"loss.name": "hinge", "training.ema": 0.5})
    plan = planned(place, settings=["loss.name=hinge", "training.ema=0.5"])
    assert [path.name for path in place.trials.iterdir()] == [plan.trial("reference", 0).key]


@pytest.mark.tf
@pytest.mark.slow
def test_a_run_that_is_stopped_in_wandb_goes_on_when_it_is_asked_for_again(agent, place):
    study = Path("studies/swept.yaml")
    study.write_text(study.read_text().replace("kimg: 0.8", "kimg: 16"))
    process = agent.start("run0", cell="reference", seed=0)
    key = planned(place).trial("reference", 0).key
    checkpoint = place.trials / key / "checkpoint/last.npz"
    while not checkpoint.exists():
        assert process.poll() is None, Path("said.txt").read_text()
        time.sleep(0.1)
    agent.agent._process_command({"type": "stop", "run_id": "run0"})
    assert process.wait(timeout=120) == 130
    assert not (place.trials / key / "result.json").exists()
    assert agent.run("run1", cell="reference", seed=0) == 0, Path("said.txt").read_text()
    assert json.loads((place.trials / key / "result.json").read_text())["attempts"] == 2
    assert mirrored.summary(sweep_run("run1"))["summary"]["status"] == "finished"


@pytest.mark.tf
def test_a_trial_that_its_sweep_lacks(place, monkeypatch, capsys):
    """W&B's agent learns that the run is not there; the record has the trial."""
    from harness.execution.worker import single

    monkeypatch.setenv("WANDB_SWEEP_ID", "sweep0")
    monkeypatch.setenv("WANDB_RUN_ID", "run0")
    monkeypatch.setattr(sys, "argv", ["harness", "agent", "swept", "--profile", "smoke"])
    monkeypatch.setattr(single, "prepare", lambda *_: SimpleNamespace())
    monkeypatch.setattr(single, "attempt", lambda *_: (Status.FINISHED, ""))
    monkeypatch.setattr(single, "write_trial", lambda *_: "no answer within 60 s")
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert (
        "finished and recorded, but W&B's run run0 lacks it (no answer" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"cell": "generator_ema=of"}, "unknown cell 'generator_ema=of'; did you mean"),
        ({"seed": 7}, "swept-smoke: reference has no seed 7 (seeds: 0, 1)"),
        ({"loss.nam": "hinge"}, "--loss.nam=hinge: unknown knob 'loss.nam'; did you mean"),
    ],
)
def test_a_sweep_that_asks_for_what_is_not_there(agent, values, said):
    assert agent.run("run0", **values) == 2
    assert f"harness: {said}" in Path("said.txt").read_text()
    assert not Path("runs/trials").exists()


def test_no_trial_of_that_seed(place):
    with pytest.raises(HarnessError, match="has no seed 2"):
        planned(place).trial(CELL, 2)
