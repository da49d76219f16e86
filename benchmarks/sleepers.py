"""Workers of a cluster that only sleep: what the driver alone can do with them.

`python -m benchmarks.sleepers ACTORS` is a driver whose actors are such workers: it runs the study
`bench` of the current folder on the Ray at RAY_ADDRESS, with room for so many. At the end it prints
its largest size in memory (GB of 2^30 bytes) and its seconds of processor time.
"""

import json
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import app
from harness.config.runtime import Runtime
from harness.core.files import json_text
from harness.execution.cluster import fleet
from harness.execution.cluster.actor import Actor
from harness.execution.cluster.messages import About, End
from harness.execution.cluster.outpost import Outpost
from harness.execution.cluster.supplies import Kept
from harness.execution.devices import usable_cores
from harness.execution.local import Outcome
from harness.execution.options import Cluster, Options
from harness.queue.base import Claim
from harness.runs import layout
from harness.runs.status import Status

SLEEP = 0.1  # seconds of a trial


class Sleeper(Outpost):
    """Each trial sleeps, and leaves a result and nothing else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "trials")

    def about(self) -> About:
        """Where it runs."""
        return About(socket.gethostname(), "CPU")

    def train(self, claim: Claim, knobs: Mapping[str, Any], keep_all: bool) -> End:
        """Sleep."""
        time.sleep(SLEEP)
        with self.recorder(claim) as recorder:
            # without a wait for this machine's disk: nodes have disks of their own
            text = json_text({"key": claim.key, "status": "finished"})
            (recorder.folder / layout.RESULT).write_text(text)
        return End(Status.FINISHED)


class SleepingActor(Actor):
    """An actor without TensorFlow."""

    def begin(self, kept: Kept) -> About:
        """Nothing is loaded."""
        self._remote = Sleeper(self._folder)
        return self._remote.about()


def drive(actors: int) -> None:
    """Run the study, and print what it took."""
    fleet.Actor = SleepingActor  # type: ignore[misc, attr-defined]
    runtime = Runtime()
    planned, _ = app.plan("bench", runtime)
    cluster = Cluster("ray", cpus=usable_cores() / actors, workers=actors)
    begun = time.process_time()
    if app.run(planned, runtime, Options(cluster=cluster)) is not Outcome.DONE:
        raise RuntimeError("not all trials have ended")
    print(json.dumps({"gb": _largest(), "cpu": time.process_time() - begun}))


def _largest() -> float:
    """Largest resident size so far; `getrusage` would count that of the process that forked it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**20


if __name__ == "__main__":
    # by name: actors are looked for in the module of their class
    from benchmarks.sleepers import drive as drive_by_name

    drive_by_name(int(sys.argv[1]))
