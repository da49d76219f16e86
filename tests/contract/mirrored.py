"""Small trials that keep to the record's schemas, mirrored live or read back with W&B's own tool.

Run as a script it is a process that trains: `mirrored.py DIRECTORY MODE [hang]`.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from PIL import Image

from harness.config.runtime import Runtime
from harness.core.files import write_json
from harness.mirror.places import Ending, RunIdentity, TrackingSettings, offline_folders
from harness.mirror.wandb_sink import WandbSink
from harness.runs.rows import ScoreRow, TrainingRow
from harness.runs.status import Status

RUN_NAME, KEY, METRIC = "beta1-smoke", "0123456789abcdef", "classifier.8.ref-1a2b3c4d.enc-0f0f0f0f"
REQUEST = "12345678"
KNOBS = {"seed": 3, "optimizer.generator.beta_1": 0.5, "data.name": "digits", "data.path": None}
KNOBS |= {"training.evaluations": 2}
CELL, LEVELS = "adam_beta_1=ignoring", {"adam_beta_1": "ignoring", "dropout": "on"}
COMMIT = "36d772b" * 5
NOTES = "Run it again: harness run beta1 --profile smoke"
ENVIRONMENT = [{"git": {"commit": "old", "dirty": False}, "versions": {}}]  # one an attempt
ENVIRONMENT += [
    {"git": {"commit": COMMIT, "dirty": True}, "versions": {"gan-ablation-harness": "1.2"}}
]


def config(key: str = KEY) -> dict[str, Any]:
    """What W&B has to hold of how a trial was trained."""
    return {
        **KNOBS,
        "study": "beta1",
        "profile": "smoke",
        "run_name": RUN_NAME,
        "cell": CELL,
        "key": key,
        "levels": LEVELS,
        "metric": METRIC,
        "commit": COMMIT,
        "uncommitted_changes": True,
        "version": "1.2",
    }


TRAINING = [
    TrainingRow(
        {
            "iteration": step,
            "kimg": step * 0.064,
            "generator_updates": step,
            "seconds": step * 0.1 + 0.25,
            "images_per_second": 640.0,
            "discriminator_loss": 0.7 - step / 1000,
            "generator_loss": 0.8 + step / 1000,
            "gradient_penalty": 0.125,
        }
    )
    for step in range(10, 51, 10)
]
EVALUATIONS = [
    ScoreRow(
        {
            "evaluation": number,
            "iteration": step,
            "kimg": step * 0.064,
            "generator_updates": step,
            "seconds": step * 0.1,
            "evaluation_seconds": 1.5,
            "kid": kid,
            "kid_blocks": [kid - 0.01, kid + 0.01],
            "kid_first_half": kid,
            "kid_second_half": kid,
            "coverage": 0.5 - kid,
            "fid": 100 * kid if number else None,  # of late evaluations only
            "inception_score": None,
        }
    )
    for number, (step, kid) in enumerate([(0, 0.4), (25, 0.1), (50, 0.2)])
]
STEPS = [0, 10, 20, 25, 30, 40, 50]  # of history: what shares an iteration shares a row


def result(key: str = KEY, status: str = "finished") -> dict[str, Any]:
    return {
        "key": key,
        "status": status,
        "iteration": 50,
        "kimg": 3.2,
        "seconds": 5.25,
        "evaluation_seconds": 4.5,
        "images_per_second": 640.0,
        "parameters": {"generator": 930947, "discriminator": 796161},
        "flags": [{"flag": "rebound", "kimg": 3.2, "identity": METRIC}],
        "finished_at": "2026-11-22T12:00:00+00:00",
        "attempts": 1,
        "message": "",
    }


def ended(key: str = KEY, status: str = "finished") -> dict[str, Any]:
    """What a worker says of a trial at its end: the result, and what it came to."""
    scores = {"metric": METRIC, "objective": "final"}
    return {**result(key, status), **scores, "final": 0.2, "kid_last": 0.2, "kid_best": 0.1}


def ending(key: str = KEY, status: str = "finished") -> Ending:
    return Ending(Status(status), ended(key, status))


def runtime(root: Path, mode: str = "offline") -> Runtime:
    return Runtime(root / "runs", root / "reports", root / "studies", tracking=mode)


def identity(directory: Path, key: str = KEY) -> RunIdentity:
    place = ("gan-ablation", RUN_NAME, "beta1", "smoke", key, CELL, 3, directory)
    return RunIdentity(*place, notes=NOTES)


def settings(**changes: Any) -> TrackingSettings:
    return TrackingSettings(**{"mode": "offline", "timeout": 10.0, **changes})


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (12, 12), 90).save(path)
    return path


def write_trial(root: Path, key: str = KEY, ending: str = "finished") -> Path:
    """A trial's folder; `ending` is a status, or `going` where it still trains."""
    folder = runtime(root).trials / key
    write_json(folder / "config.json", KNOBS)
    write_json(folder / "env.json", ENVIRONMENT)
    spec = {"requests": [REQUEST], "identity": METRIC, "protocol": "blocks"}
    write_json(folder / "evaluations" / f"{METRIC}.json", spec)
    lines(folder / "metrics.jsonl", TRAINING)
    lines(folder / "evaluations" / f"{METRIC}.jsonl", EVALUATIONS)
    picture(folder / "validation.png")
    for row in EVALUATIONS:
        picture(folder / "samples" / f"{row['iteration']:08d}.png")
    if ending in ("finished", "diverged"):
        write_json(folder / "result.json", result(key, ending))
    if ending == "crashed":
        write_json(folder / "failure.json", {"error": "MemoryError", "log_tail": "", "attempt": 3})
    if ending == "pruned":
        write_json(folder / "pruned.json", {"iteration": 50, "kimg": 3.2})
    return folder


def write_plan(root: Path, keys: list[str]) -> None:
    plan = {
        "run_name": RUN_NAME,
        "study": "beta1",
        "profile": "smoke",
        "title": "Adam's beta_1",
        "question": "Does 0.5 help?",
        "design": "one_at_a_time",
        "seeds": [3],
        "alpha": 0.05,
        "objective": "final",
        "cells": [{"label": CELL, "request": REQUEST, "levels": LEVELS}],
        "trials": [{"cell": CELL, "seed": 3, "key": key} for key in keys],
    }
    write_json(runtime(root).study(RUN_NAME) / "plan.json", plan)


def lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def train(sink: WandbSink, samples: Path, pause: float = 0.0) -> None:
    """What a training loop tells the sink, in its order."""
    sink.validation_images(picture(samples.parent / "validation.png"))
    for step in STEPS:
        for row in (row for row in TRAINING if row["iteration"] == step):
            sink.training(row)
        for row in (row for row in EVALUATIONS if row["iteration"] == step):
            sink.evaluation(row, METRIC)
            sink.samples(step, row["kimg"], picture(samples / f"{step:08d}.png"))
        time.sleep(pause)


def only_folder(directory: Path, key: str = KEY) -> Path:
    """The one offline folder of a run."""
    (folder,) = offline_folders(directory.resolve() / "wandb", f"{RUN_NAME}-{key}")
    return folder


def leet(folder: Path, *flags: str) -> str:
    from wandb.util import get_core_path  # here: a process that trains finds the library itself

    (log,) = folder.glob("*.wandb")
    # what `wandb leet inspect` starts, without a second of Python before it
    command = [get_core_path(), "leet", "inspect", "--no-observability", "--json", *flags]
    command += ["--run-file", str(log), str(folder.parent)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The records of one kind (`run`, `history`, `metric`, `exit`), as W&B's tool reads them."""
    rows = [json.loads(line) for line in leet(folder).splitlines() if line]
    return [row[kind] for row in rows if row["type"] == kind]


def history(folder: Path) -> list[dict[str, Any]]:
    return [row["item"] for row in records(folder, "history")]


def summary(folder: Path) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(leet(folder, "--summary"))
    return whole


def start(directory: Path, mode: str, *more: str, **options: Any) -> "subprocess.Popen[str]":
    """A process that trains; the environment is without W&B's own variables but those given."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    env |= {"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(directory / "home")}
    env |= options.pop("env", {})
    command = [sys.executable, __file__, str(directory), mode, *more]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, env=env, text=True, **{**streams, **options})


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(directory: Path, mode: str, *more: str) -> None:
    sink = WandbSink.open(identity(directory), settings(mode=mode), config(), say)
    train(sink, directory / "samples", pause=0.02)
    if "hang" in more:
        while not list(directory.glob("wandb/*/files/media/images/samples_50_*")):
            time.sleep(0.02)
        say("mid-run")
        time.sleep(60)
    say("whole" if sink.finish(ending()) else "not whole")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
