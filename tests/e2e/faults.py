"""A trained study to be killed and damaged, and whether two records are the same."""

import fcntl
import json
import os
import random
import shutil
import signal
from hashlib import sha256
from pathlib import Path

import numpy as np

from harness.app.doctor.trials import check_trial
from harness.runs.trial import Trial
from tests.e2e import place
from tests.e2e.place import Place

ROOT = Path(__file__).parents[2]
CLOCK = {*place.CLOCK, "finished_at", "attempts"}
UNCOMPARED = {"lock", "log.txt", "env.json", "digests.json"}
STUDY = """
title: Faults
question: What is left of it?
sources: [S0]
baseline:
  data.name: digits
  data.image_size: 8
  generator.width: 8
  generator.noise_size: 8
  discriminator.width: 8
  training.batch_size: 16
  training.kimg: 0.16
  training.evaluations: 2
  augmentation.policy: none  # half of a step's operations, and no file
  evaluation.samples: 128
  evaluation.subset_size: 64
heuristics: [adam_beta_1_half]
design: one_at_a_time
seeds: 1
"""


class Site(Place):
    """A place with the study, whose verbs may be killed on their way."""

    def __init__(self, folder, like=None, parts=("runs", "reports")):
        super().__init__(folder)
        self.write(STUDY, "tiny")
        path = [str(ROOT / "tests/e2e/killed"), str(ROOT), os.environ.get("PYTHONPATH", "")]
        self.environment |= {"WANDB_MODE": "disabled", "PYTHONPATH": os.pathsep.join(path)}
        for part in parts if like else ():
            if (like.folder / part).exists():
                shutil.copytree(like.folder / part, folder / part, symlinks=True)

    def start(self, *arguments, at=-1, who="", log=""):
        """`who` dies at its file operation `at`; its operations are written to `log`."""
        return super().start(*arguments, **self._killing(at, who, log))

    def _killing(self, at, who, log):
        """The variables that `tests/e2e/killed` reads."""
        killing = {"AT": at, "IN": who, "ROOT": self.folder.resolve(), "LOG": log}
        return {f"HARNESS_KILL_{name}": str(value) for name, value in killing.items()}

    def run(self, *arguments, log="", who="", **more):
        return super().run(*arguments, at=0 if log else -1, who=who, log=log, **more)

    def drive(self, *arguments, log=""):
        """By a driver in this process; the operations of its worker are written to `log`."""
        return super().drive(*arguments, **self._killing(0, "worker", log) if log else {})

    def kill(self, at, who, *arguments):
        """Run a verb whose `who` dies at its file operation `at`; whether it got that far."""
        process = self.start(*arguments, at=at, who=who)
        output, _ = process.communicate(timeout=600)
        assert process.returncode in (-signal.SIGKILL, 0), output
        assert "Traceback" not in output
        for lock in self.folder.glob("runs/trials/*/lock"):
            with lock.open("ab") as file:  # a killed worker takes a moment to let go of its memory
                fcntl.flock(file, fcntl.LOCK_EX)
        return process.returncode != 0

    def trials(self):
        return {path.name: path for path in super().trials() if not path.name.startswith(".")}

    def hidden(self):
        """What is on its way in or out, or was left there."""
        places = (self.folder / "runs", self.folder / "reports")
        found = [
            path for place in places for path in place.rglob(".*") if "cache" not in path.parts
        ]
        return [str(path.relative_to(self.folder)) for path in found]


def contents(site):
    """Every file of the record and its digest, locks apart."""
    files = (path for path in (site.folder / "runs").rglob("*") if path.is_file())
    return {
        str(path): sha256(path.read_bytes()).hexdigest()
        for path in files
        if "cache" not in path.parts and path.name != "lock"
    }


def gutted(site):
    """What is wrong with trials that count as trained."""
    return [
        f"{finding.place}: {finding.what}"
        for path in site.trials().values()
        if (path / "result.json").exists()
        for finding in check_trial(Trial(path), None)
        if finding.wrong
    ]


def differences(one, two):
    """Names of what is not the same in two records, clocks apart."""
    found = []
    if one.trials().keys() != two.trials().keys():
        return ["the trials"]
    for key, folder in one.trials().items():
        twin = two.trials()[key]
        names = [_names(folder), _names(twin)]
        found += [f"{key}/{name}" for name in names[0] ^ names[1]]
        found += [
            f"{key}/{name}"
            for name in names[0] & names[1]
            if Path(name).name not in UNCOMPARED and not _same(folder / name, twin / name)
        ]
    return found


def _names(folder):
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    told = ("log.txt", "lock")  # a trial that had nothing to say has no log
    return {path.as_posix() for path in files if path.parts[0] not in ("damaged", *told)}


def _same(one, two):
    if one.suffix == ".npz":
        with np.load(one) as a, np.load(two) as b:
            return a.files == b.files and all(np.array_equal(a[n], b[n]) for n in a.files)
    if one.suffix in (".json", ".jsonl"):
        return _timeless(one) == _timeless(two)
    return one.read_bytes() == two.read_bytes()


def _timeless(path):
    text = path.read_text()
    rows = [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else None
    rows = [json.loads(text)] if rows is None else rows
    return [{name: value for name, value in row.items() if name not in CLOCK} for row in rows]


def moments(count, most, name):
    """So many different operations of `most`, spread over all of them, the same every time."""
    draw = random.Random(name)
    width = most / count
    return [1 + int(width * (place + draw.random())) for place in range(count)]
