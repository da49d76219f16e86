"""Run one trial; drain the queue. The only place where gan, ledger and tracking meet."""

import gc
import math
import os
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from harness.catalog import LOSSES
from harness.config.identity import metric_request
from harness.config.patch import flatten, unflatten
from harness.config.runtime import Runtime
from harness.config.trial import TrialConfig
from harness.errors import HarnessError
from harness.files import read_json
from harness.gan import devices
from harness.gan.data import Images, load_images
from harness.gan.evaluate import Evaluator
from harness.gan.grid import write_grid
from harness.gan.train.session import Diverged, Event, Row, Scores, Session
from harness.ledger.base import Claim, Status
from harness.ledger.optuna_ledger import OptunaLedger
from harness.metrics import health
from harness.records import DIVERGED, FINISHED, Trial
from harness.tracking.record import Busy, Recorder, environment, now
from harness.tracking.mirror import RunIdentity, TrackingSettings
from harness.tracking.wandb_sink import WandbSink

CHECKPOINT_SECONDS = 60.0  # at most this much training is lost to a kill
LOG_TAIL = 40  # lines of a traceback kept with a failure


@dataclass
class Stop:
    """Set by SIGTERM: finish the call that runs, write a checkpoint, leave."""

    asked: bool = False

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.asked

    def install(self) -> None:
        """Listen to SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(self, "asked", True))


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
        training = _Training(session, recorder, sink, context)
        result = training.run()
    finally:
        sink.finish(result)
    return Status(result["status"]) if result else Status.STOPPED


class _Training:
    """Listens to a session and writes what it says."""

    def __init__(
        self, session: Session, recorder: Recorder, sink: WandbSink, context: Context
    ) -> None:
        self.session, self.recorder, self.sink, self.context = session, recorder, sink, context
        self.identity = session.evaluator.identity
        self.trial = Trial(recorder.folder)
        self.kid: float | None = None
        self.saved = time.monotonic()

    def run(self) -> dict[str, Any] | None:
        """Until the end of the budget, divergence, or a stop: the result, or None if stopped."""
        diverged = ""
        for event in self.session.events(self.context.stop):
            if isinstance(event, Diverged):
                diverged = event.reason
            self._write(event)
        finished = self.session.iteration >= self.session.config.iterations
        if not finished and not diverged:
            self._save()
            return None
        result = self._result(DIVERGED if diverged else FINISHED, diverged)
        self.recorder.result(result)
        self._tidy()
        return result

    def _write(self, event: Event) -> None:
        if isinstance(event, Row):
            self.recorder.training(event.values)
            self.sink.training(event.values)
        elif isinstance(event, Scores):
            self._evaluated(event.values)
        elif not isinstance(event, Diverged):
            self._progress(event.phase)
            if time.monotonic() - self.saved > CHECKPOINT_SECONDS and self.session.iteration:
                self._save()

    def _progress(self, phase: str) -> None:
        self.recorder.progress(
            phase=phase,
            iteration=self.session.iteration,
            iterations=self.session.config.iterations,
            kimg=self.session.kimg,
            kid=self.kid,
            images_per_second=self.session.images_per_second,
        )

    def _evaluated(self, values: Mapping[str, Any]) -> None:
        """Row, samples, generator, then the checkpoint that makes them final."""
        self.kid = float(values["kid"])
        iteration = self.session.iteration
        self.recorder.evaluation(self.identity, values)
        self.sink.evaluation(values, self.identity)
        path = self.recorder.sample_path(iteration)
        write_grid(path, self.session.grid())
        self.sink.samples(iteration, self.session.kimg, path)
        self.session.save_generator(self.recorder.generator(iteration))
        rows = self.trial.evaluation_rows(self.identity)
        if min(rows, key=lambda row: float(row["kid"]))["iteration"] == iteration:
            self.session.save(self.recorder.checkpoint.with_name("best.npz"))
        self._drop_generators(rows)
        self._save()

    def _drop_generators(self, rows: list[dict[str, Any]]) -> None:
        """Keep the EMA generators of the last fifth, the best and the last."""
        config = self.session.config
        best = min(rows, key=lambda row: float(row["kid"]))["iteration"]
        kept = {best, rows[-1]["iteration"], *final_fifth(config)}
        for row in rows:
            if row["iteration"] not in kept:
                self.recorder.generator(row["iteration"]).unlink(missing_ok=True)

    def _save(self) -> None:
        self.session.save(self.recorder.checkpoint)
        self.saved = time.monotonic()

    def _result(self, status: str, message: str) -> dict[str, Any]:
        session = self.session
        rows, scores = self.trial.training_rows(), self.trial.evaluation_rows(self.identity)
        loss = LOSSES.load(session.config.loss.name)
        independent = session.evaluator.independent_blocks
        flags = health.score_flags(scores, independent, self.identity)
        flags += health.training_flags(rows, loss.reaches_zero)
        return {
            "key": self.recorder.folder.name,
            "status": status,
            "message": message,
            "iteration": session.iteration,
            "kimg": session.kimg,
            "generator_updates": session.iteration * session.config.training.generator_steps,
            "seconds": session.seconds,
            "evaluation_seconds": session.evaluation_seconds,
            "images_per_second": session.kimg * 1000 / session.seconds if session.seconds else 0.0,
            "parameters": {
                "generator": session.gan.generator.parameters()[0],
                "discriminator": session.gan.discriminator.parameters()[0],
            },
            "flags": flags,
            "finished_at": now(),
            "attempts": len(self.trial.environment()),
        }

    def _tidy(self) -> None:
        """When a trial has ended its optimiser states go and its EMA generators stay."""
        if not self.context.keep_all:
            for path in self.recorder.checkpoint.parent.glob("*.npz"):
                path.unlink()


def final_fifth(config: TrialConfig) -> list[int]:
    """The iterations of the last fifth of the evaluations, rounded up."""
    points = config.evaluation_iterations[1:]
    return points[-math.ceil(len(points) / 5) :]


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


def work(run_name: str, runtime: Runtime, name: str, keep_all: bool = False) -> int:
    """Take trials of a run from its ledger until none waits; the exit code of the process."""
    stop = Stop()
    stop.install()
    folder = runtime.study(run_name)
    plan = read_json(folder / "plan.json")
    if plan is None:
        raise HarnessError(f"{folder}: no run of that name was started here")
    arithmetic = devices.configure(int(os.environ.get("HARNESS_THREADS", "1")))
    context = Context(plan, runtime, arithmetic, stop, keep_all)
    cells = {cell["label"]: cell["config"] for cell in plan["cells"]}
    ledger = OptunaLedger.open(run_name, folder, runtime.storage)
    while not stop() and (claim := ledger.claim(name)):
        config = unflatten({**cells[claim.cell], "seed": claim.seed})
        _attempt(config, claim, ledger, context)
        keras.backend.clear_session()
        gc.collect()
    return 0


def _attempt(
    config: TrialConfig, claim: Claim, ledger: OptunaLedger, context: Context
) -> None:
    """One attempt at one trial; whatever goes wrong in it is recorded and costs only this."""
    folder = context.runtime.trials / claim.key
    try:
        with _hold(folder, context.stop) as recorder:
            try:
                if _answered(folder, config):
                    status, message = Status.FINISHED, "trained meanwhile by another run"
                else:
                    status, message = run_trial(config, claim, recorder, context), ""
            except Exception as error:  # recorded in failure.json, log.txt and the ledger
                status, message = Status.CRASHED, f"{type(error).__name__}: {error}"
                trace = traceback.format_exc()
                recorder.log(trace)
                tail = "\n".join(trace.splitlines()[-LOG_TAIL:])
                recorder.failure(message, tail, claim.attempt)
                if isinstance(error, HarnessError):
                    # a mistake of the user's: the next run finds the trial still waiting
                    ledger.finish(claim, Status.STOPPED, str(error))
                    raise
    except Busy:
        status, message = Status.STOPPED, ""
    ledger.finish(claim, status, message)


def _answered(folder: Path, config: TrialConfig) -> bool:
    trial = Trial(folder)
    return trial.result() is not None and trial.metric(metric_request(config)) is not None


def _hold(folder: Path, stop: Callable[[], bool]) -> Recorder:
    """The trial's folder, once nobody else trains it; raises Busy if asked to stop meanwhile."""
    while True:
        try:
            return Recorder(folder).acquire()
        except Busy:
            if stop():
                raise
            time.sleep(1.0)
