"""One trial of a study alone, as the sweep agent of W&B asks for it; no ledger is touched."""

from collections.abc import Callable

from harness.analysis.scores import summarise_scores
from harness.config.patch import unflatten
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.stop import Stop
from harness.execution.worker.drain import attempt, prepare
from harness.mirror.sync import write_trial
from harness.queue.base import Claim
from harness.runs.plan import PlanRecord, TrialRecord
from harness.runs.recorder import Recorder
from harness.runs.rows import ScoreRow
from harness.runs.status import Status


class _Saying(Recorder):
    """A recorder that also passes each row of scores to `say`."""

    say: Callable[[ScoreRow], None]

    def evaluation(self, identity: str, row: ScoreRow) -> None:
        super().evaluation(identity, row)
        self.say(row)


def train(
    plan: PlanRecord, trial: TrialRecord, runtime: Runtime, say: Callable[[ScoreRow], None]
) -> tuple[Status, str]:
    """Train a trial of a plan unless it is trained; how it ended, and why it crashed.

    The trial's folder is its lock, so a run of the study may go on at the same time. Where a sweep
    has begun a run in W&B (`runtime.sweep_run`), the trial is logged to that one, or an error says
    why not.
    """
    stop = Stop()
    stop.install()
    context = prepare(plan, runtime, stop)
    context.run_id = runtime.sweep_run
    config = unflatten(plan.knobs(trial))
    recorder = _Saying(runtime.trials / trial.key)
    recorder.say = say
    claim = Claim(0, trial.key, trial.cell, trial.seed, order=0, attempt=1)
    status, message = attempt(config, claim, recorder, context)
    if runtime.sweep_run and status.ended:
        # what was trained before, or what the live mirror lost
        why = write_trial(plan, trial, runtime, recorder.log, summarise_scores)
        if why:
            raise HarnessError(
                f"{trial.key}: {status} and recorded, but W&B's run {runtime.sweep_run} lacks it "
                f"({why}); asked for again it is only logged"
            )
    return status, message
