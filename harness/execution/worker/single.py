"""One trial of a study alone, as the sweep agent of W&B asks for it; no ledger is touched."""

from collections.abc import Callable, Mapping
from typing import Any

from harness.analysis.scores import scores
from harness.config.patch import unflatten
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.execution.worker.drain import Stop, attempt, prepare
from harness.mirror.sync import write_trial
from harness.queue.base import Claim
from harness.runs.recorder import Recorder
from harness.runs.status import Status
from harness.runs.trial import Trial

Row = Mapping[str, Any]


class _Saying(Recorder):
    """A recorder that passes each row of scores on, for whoever watches."""

    say: Callable[[Row], None]

    def evaluation(self, identity: str, row: Row) -> None:
        super().evaluation(identity, row)
        self.say(row)


def train(
    plan: Mapping[str, Any], row: Row, runtime: Runtime, say: Callable[[Row], None]
) -> tuple[Status, str]:
    """Train the trial of a plan's `row` unless it is trained; how it ended, and why it crashed.

    The trial's folder is its lock, so a run of the study may go on beside it. Where a sweep has
    begun a run in W&B (`runtime.sweep_run`), the trial is logged to that one, or an error says why
    not.
    """
    stop = Stop()
    stop.install()
    context = prepare(plan, runtime, stop)
    context.run_id = runtime.sweep_run
    (knobs,) = (cell["config"] for cell in plan["cells"] if cell["label"] == row["cell"])
    config = unflatten({**knobs, "seed": row["seed"]})
    recorder = _Saying(runtime.trials / row["key"])
    recorder.say = say
    number = len(Trial(recorder.folder).environment()) + 1
    claim = Claim(0, row["key"], row["cell"], row["seed"], 0, number)
    status, message = attempt(config, claim, recorder, context)
    if runtime.sweep_run and status in (Status.FINISHED, Status.DIVERGED):
        # what was trained before, or what the live mirror lost
        why = write_trial(plan, row, runtime, recorder.log, scores)
        if why:
            raise HarnessError(
                f"{row['key']}: {status} and recorded, but W&B's run {runtime.sweep_run} lacks it "
                f"({why}); asked for again it is only logged"
            )
    return status, message
