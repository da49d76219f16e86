"""The live mirror of a run whose trials are trained elsewhere: W&B is written from the record.

What it misses, `harness sync` writes at the end of the run.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.config.runtime import Runtime
from harness.core.errors import Damaged
from harness.mirror.content import Scores, trial_config, trial_ending, trial_identity
from harness.mirror.places import Log, TrackingSettings
from harness.mirror.wandb_library import resolve_mode
from harness.mirror.wandb_sink import WandbSink
from harness.runs import layout
from harness.runs.plan import PlanRecord, TrialRecord, read_plan
from harness.runs.trial import Trial

PAUSE = 2.0  # seconds between two looks at the record


def follow(
    run_name: str, runtime: Runtime, log: Log, scores: Scores, stop: Callable[[], bool]
) -> None:
    """Mirror what comes into the record until `stop`; trials that had ended before are left."""
    if resolve_mode(runtime.tracking, log) == "disabled":
        return
    followed: dict[str, _Followed] = {}
    while not stop():
        plan = read_plan(layout.plan_file(run_name, runtime))
        trials = {trial.key: trial for trial in plan.trials} if plan else {}
        for path in runtime.trials.glob(f"*/{layout.PROGRESS}"):
            key = path.parent.name
            if plan and key in trials and key not in followed and _known(plan, trials[key], path):
                followed[key] = _begun(plan, trials[key], runtime, log)
        for key, one in list(followed.items()):
            if plan and one.look(plan, scores):
                del followed[key]
        time.sleep(PAUSE)
    for one in followed.values():
        one.sink.finish(None)


def _known(plan: PlanRecord, planned: TrialRecord, progress: Path) -> bool:
    """Whether the record has all of a trial's config; its metric is written last."""
    trial = Trial(progress.parent)
    return bool(trial.environment()) and trial.metric(plan.request(planned)) is not None


def _begun(plan: PlanRecord, planned: TrialRecord, runtime: Runtime, log: Log) -> "_Followed":
    trial = Trial(runtime.trials / planned.key)
    # it is trained on another machine than this one, whose load says nothing about it
    settings = TrackingSettings(mode=runtime.tracking, rewrite=True, machine=False)
    identity, config = trial_identity(plan, planned, runtime), trial_config(plan, planned, trial)
    return _Followed(trial, planned, WandbSink.open(identity, settings, config, log))


@dataclass
class _Followed:
    """A trial that is being trained, and its run in W&B."""

    trial: Trial
    planned: TrialRecord
    sink: WandbSink
    training: int = -1  # iteration of the last row that was mirrored
    evaluation: int = -1
    sample: int = -1
    real: bool = False  # whether the validation images were mirrored

    def look(self, plan: PlanRecord, scores: Scores) -> bool:
        """Mirror what is new; whether the training has ended, for good or for now."""
        # in the order opposite to that of writing: nothing that comes before is missed
        folder = self.trial.folder
        going = (folder / layout.PROGRESS).exists() and not (folder / layout.RESULT).exists()
        try:
            ended = None if going else trial_ending(plan, self.planned, self.trial, scores)
            for _, call in sorted(self._new(plan), key=lambda call: call[0]):
                call()
        except Damaged:
            return False  # written by a kill; the next worker trains it again
        if not going:
            self.sink.finish(ended)
        return not going

    def _new(self, plan: PlanRecord) -> list[tuple[int, Callable[[], None]]]:
        """Calls of the sink by iteration; rows that a resume writes again are known."""
        metric = self.trial.metric(plan.request(self.planned))
        rows = self.trial.training_rows()
        scored = self.trial.evaluation_rows(metric) if metric else []
        # files arrive one after the other, and W&B takes no step back: scores wait for their losses
        last = max((row.iteration for row in rows), default=0)
        scored = [row for row in scored if row.iteration <= last]
        kimg = {row.iteration: row.kimg for row in [*rows, *scored]}
        rows = [row for row in rows if row.iteration > self.training]
        scored = [row for row in scored if row.iteration > self.evaluation]
        pictures = [
            path
            for path in self.trial.samples()
            if int(path.stem) > self.sample and int(path.stem) in kimg
        ]
        calls: list[tuple[int, Callable[[], None]]] = []
        real = self.trial.picture(layout.VALIDATION)
        if real and not self.real:
            calls.append((0, partial(self.sink.validation_images, real)))
            self.real = True
        for line in rows:
            calls.append((line.iteration, partial(self.sink.training, line)))
            self.training = line.iteration
        for row in scored:
            assert metric is not None
            calls.append((row.iteration, partial(self.sink.evaluation, row, metric)))
            self.evaluation = row.iteration
        for path in pictures:
            step = int(path.stem)
            calls.append((step, partial(self.sink.samples, step, kimg[step], path)))
            self.sample = step
        return calls
