"""A worker of a cluster that writes what a training leaves, without one: for tests of the driver.

`python -m tests.light` is a driver whose actors are such workers: it runs the study `one` of the
current folder on the cluster at RAY_ADDRESS.
"""

import json
import socket
import sys
import time
from pathlib import Path

from harness import app
from harness.config.patch import unflatten
from harness.config.runtime import Runtime
from harness.core.files import append_line, read_lines, write_atomically, write_json
from harness.execution.cluster.actor import Actor
from harness.execution.cluster.messages import About, End
from harness.execution.cluster.outpost import Outpost
from harness.execution.local import Outcome
from harness.execution.options import Cluster, Options
from harness.runs.status import Status
from tests.records import ended

STEPS = 8  # rows of a trial; a checkpoint after each
SIZE = 300_000  # bytes of a checkpoint
ROWS = "steps.jsonl"  # of this training; appended to as those of a real one


class Light(Outpost):
    """Each step takes `training.kimg` / STEPS seconds, and leaves a row and its checkpoint."""

    def __init__(self, folder):
        super().__init__(Path(folder) / "trials")
        self.kind = "CPU"

    def about(self):
        return About(socket.gethostname(), self.kind)

    def train(self, claim, knobs, keep_all):
        config = unflatten({**knobs, "seed": claim.seed})
        with self.recorder(claim) as recorder:
            folder = recorder.folder
            begun = json.loads(_text(folder / "attempts.json") or "[]")
            write_json(folder / "attempts.json", [*begun, claim.attempt])
            done = int((_text(recorder.checkpoint) or "0").split()[0])
            rows = [row for row in read_lines(folder / ROWS) if row["iteration"] <= done]
            assert len(rows) == done, "a checkpoint came without its rows"
            write_atomically(folder / ROWS, "".join(json.dumps(row) + "\n" for row in rows))
            for step in range(done + 1, STEPS + 1):
                time.sleep(config.training.kimg / STEPS)
                append_line(folder / ROWS, {"iteration": step, "key": claim.key})
                recorder.keep_checkpoint()
                write_atomically(recorder.checkpoint, f"{step} ".ljust(SIZE, "x"))
                if self.stopping():
                    return End(Status.STOPPED)
            ended(folder, config, kid=0.5)
        return End(Status.FINISHED)


class LightActor(Actor):
    """An actor without TensorFlow."""

    def begin(self, kept):
        self._remote = Light(self._folder)
        return self._remote.about()


def _text(path):
    return path.read_text() if path.exists() else ""


def drive():
    """Run the study `one` of this folder on the cluster; the exit code."""
    from harness.execution.cluster import fleet

    fleet.Actor = LightActor
    runtime = Runtime()
    planned, _ = app.plan("one", runtime)
    outcome = app.run(planned, runtime, Options(cluster=Cluster("ray")))
    return 0 if outcome is Outcome.DONE else 130


if __name__ == "__main__":
    from tests.light import drive as drive_by_name  # whose actors are found by their module's name

    sys.exit(drive_by_name())
