"""One trial: train it, continue it, or score it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.config.patch import flatten
from harness.config.runtime import Runtime
from harness.config.trial import TrialConfig
from harness.gan.data import Images, load_images
from harness.gan.evaluate import Evaluator
from harness.gan.train.session import Session
from harness.ledger.base import Claim, Status
from harness.records import Trial
from harness.tracking.mirror import RunIdentity, TrackingSettings
from harness.tracking.record import Recorder, environment
from harness.tracking.wandb_sink import WandbSink
from harness.worker.listener import Listener


@dataclass
class Context:
    """What all trials of a worker share."""

    plan: Mapping[str, Any]
    runtime: Runtime
    arithmetic: Mapping[str, Any]
    stop: Callable[[], bool]
    keep_all: bool = False
    _images: dict[str, Images] = field(default_factory=dict)

    def images(self, config: TrialConfig) -> Images:
        """The data set of a trial; the last one stays loaded."""
        name = config.data.model_dump_json()
        if name not in self._images:
            self._images = {name: load_images(config.data, self.runtime.cache)}
        return self._images[name]

    def sink(self, config: TrialConfig, claim: Claim, recorder: Recorder) -> WandbSink:
        """A live mirror of a trial; what fails in it is a line in the trial's log."""
        identity = RunIdentity(
            project=self.runtime.project,
            run_name=self.plan["run_name"],
            study=self.plan["study"],
            profile=self.plan["profile"],
            key=claim.key,
            cell=claim.cell,
            seed=claim.seed,
            directory=self.runtime.study(self.plan["run_name"]),
        )
        settings = TrackingSettings(mode=self.runtime.tracking)
        return WandbSink.open(identity, settings, flatten(config), recorder.log)


def run_trial(config: TrialConfig, claim: Claim, recorder: Recorder, context: Context) -> Status:
    """Train (or continue) one trial, or score it if it is trained; how it ended."""
    recorder.progress(phase="loading", iteration=0, iterations=config.iterations, kimg=0.0)
    images = context.images(config)
    for note in images.notes:
        recorder.log(note)
    evaluator = Evaluator(config, images, context.runtime.cache)
    session = Session(config, images, evaluator, bool(context.arithmetic["xla"]))
    if Trial(recorder.folder).result():
        return _score(session, recorder)
    recorder.start(config, environment(context.arithmetic))
    if recorder.checkpoint.exists():
        session.restore(recorder.checkpoint)
        recorder.cut(session.iteration)
        recorder.log(f"continues after iteration {session.iteration}")
    else:
        recorder.cut(-1)
    recorder.describe_metric(evaluator.spec)
    sink = context.sink(config, claim, recorder)
    result = None
    try:
        result = Listener(session, recorder, sink, context.keep_all).run(context.stop)
    finally:
        sink.finish(result)
    return Status(result["status"]) if result else Status.STOPPED


def _score(session: Session, recorder: Recorder) -> Status:
    """Score the kept EMA generators of a trained trial by another metric."""
    config, evaluator = session.config, session.evaluator
    numbers = {at: number for number, at in enumerate(config.evaluation_iterations)}
    rows = [session.score_values(0)]  # the untrained generator follows from the seed
    for path in sorted((recorder.folder / "generators").glob("*.npz")):
        if iteration := session.load_generator(path):
            rows.append(session.score_values(numbers[iteration]))
            recorder.progress(
                phase="evaluating",
                iteration=iteration,
                iterations=config.iterations,
                kimg=session.kimg,
                kid=rows[-1]["kid"],
            )
    known = {row["iteration"]: row for row in Trial(recorder.folder).training_rows()}
    for row in rows:
        row["seconds"] = known.get(row["iteration"], {"seconds": 0.0})["seconds"]
    recorder.score(evaluator.spec, rows)
    status: str = (Trial(recorder.folder).result() or {})["status"]
    return Status(status)
