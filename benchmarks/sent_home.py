"""One trial as a worker of a cluster trains it, and what it sends home: `-m benchmarks.sent_home`.

The study `bench` of the current folder has it. Worker and driver are those of the product, in one
process and without Ray between them.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from harness import app
from harness.config.runtime import Runtime
from harness.execution.cluster.supplies import Kept
from harness.execution.worker.remote import Remote
from harness.queue.base import Claim
from harness.runs import layout
from harness.runs.recorder import Recorder
from harness.runs.status import Status
from harness.runs.transfer import Inbox

BEAT = 0.5  # seconds, as the driver's where workers are few


def main() -> None:
    """Train it; print bytes sent by kind of file, those of the record, and of a checkpoint."""
    runtime = Runtime()
    planned, _ = app.plan("bench", runtime)
    plan = planned.record()
    trial = plan.trials[0]
    cell = next(cell for cell in plan.cells if cell.label == trial.cell)
    remote = Remote(plan, Path("node").resolve(), "bench", Kept({}, {}))
    claim = Claim(0, trial.key, trial.cell, trial.seed, 0, 1)
    report = remote.start(claim, cell.config, keep_all=False, seconds=BEAT)
    sent: Counter[str] = Counter()
    largest = 0
    with Recorder(runtime.trials / trial.key) as recorder:
        inbox = Inbox(recorder)
        while True:
            for part in report.parts:
                sent[_kind(part.name)] += len(part.data)
                if part.name.startswith(layout.CHECKPOINT):
                    largest = max(largest, part.size)
            inbox.take(report.parts)
            if report.asks:
                remote.answer(gives_up=False)
            if report.end is not None:
                break
            report = remote.poll(BEAT)
        if report.end.status is not Status.FINISHED:
            raise RuntimeError(report.end.message)
        record = sum(path.stat().st_size for path in recorder.folder.rglob("*") if path.is_file())
    print(json.dumps({"sent": sent, "record": record, "checkpoint": largest}))


def _kind(name: str) -> str:
    """The folder of a file, and of a checkpoint its name too."""
    return name if name.startswith(layout.CHECKPOINT) else name.partition("/")[0]


if __name__ == "__main__":
    sys.exit(main())
