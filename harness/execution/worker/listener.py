"""Listens to a training session and writes what it says: record, checkpoints, W&B."""

import math
import time
from collections.abc import Callable, Sequence
from fractions import Fraction

from harness.config.catalog import LOSSES, PROTOCOLS
from harness.core.grids import GRID, PAIRS, WAY, write_grid
from harness.core.leftovers import discard
from harness.gan.train.events import Diverged, Event, Row, Scores
from harness.gan.train.session import Session
from harness.metrics import health
from harness.mirror.wandb_sink import WandbSink
from harness.runs import layout
from harness.runs.record import now
from harness.runs.recorder import Recorder
from harness.runs.rows import Flag, Nearest, Progress, Pruned, Result, ScoreRow, TrainingRow
from harness.runs.status import Status
from harness.runs.trial import Trial

CHECKPOINT_SECONDS = 60.0  # at most this much training is lost to a kill
BEAT_SECONDS = 0.4  # between two reports of progress; the view looks twice a second


class Listener:
    """Writes one training as it goes; the record first, its mirror second."""

    def __init__(
        self,
        session: Session,
        recorder: Recorder,
        sink: WandbSink,
        keep_all: bool,
        gives_up: Callable[[], bool] = lambda: False,
    ) -> None:
        """`gives_up`: asked after each evaluation but the last; a search may drop the trial."""
        self.session, self.recorder, self.sink, self.keep_all = session, recorder, sink, keep_all
        self.identity = session.evaluator.identity
        self.trial = Trial(recorder.folder)
        self.kid: float | None = None
        self.saved = time.monotonic()
        self.phase, self.beat = "", 0.0  # of the last progress
        self.gives_up, self.pruned = gives_up, False

    def run(self, stop: Callable[[], bool]) -> Result | None:
        """Until the end of the budget, divergence, or a stop: the result, or None if stopped."""
        diverged = ""
        if self.trial.evaluation_rows(self.identity)[1:]:
            self._ask()  # a kill may have come between an evaluation and what follows from it
        for event in self.session.events(lambda: stop() or self.pruned):
            if isinstance(event, Diverged):
                diverged = event.reason
            self._write(event)
        finished = self.session.iteration >= self.session.config.iterations
        if self.pruned:
            self.recorder.pruned(Pruned(iteration=self.session.iteration, kimg=self.session.kimg))
            self._tidy()
            return None
        if not finished and not diverged:
            self._save()
            return None
        if not diverged:
            self._last_pictures()
        result = self._result(Status.DIVERGED if diverged else Status.FINISHED, diverged)
        self.recorder.result(result, self.keep_all)
        self._tidy()
        return result

    def _last_pictures(self) -> None:
        """The way between latents, and the nearest training images."""
        folder, way = self.recorder.folder, self.session.interpolation()
        if way is not None:
            write_grid(folder / layout.INTERPOLATION, way, WAY)
        self._progress("evaluating")
        nearest, iteration = self.session.nearest(), self.session.iteration
        write_grid(folder / layout.NEAREST_PAIRS, nearest.generated, PAIRS)
        write_grid(folder / layout.VALIDATION_PAIRS, nearest.validation, PAIRS)
        self.recorder.nearest(Nearest(metric=self.identity, iteration=iteration, **nearest.values))

    def _write(self, event: Event) -> None:
        if isinstance(event, Row):
            row = TrainingRow(event.values)
            self.recorder.training(row)
            self.sink.training(row)
        elif isinstance(event, Scores) and event.further:  # the study's metric follows
            self.recorder.evaluation(event.further, ScoreRow(event.values))
        elif isinstance(event, Scores):
            self._evaluated(ScoreRow(event.values))
        elif not isinstance(event, Diverged):
            self._progress(event.phase)
            # before a due evaluation a checkpoint would lose it: a resume goes on training
            due = event.phase == "evaluating" or not self.session.iteration
            if not due and time.monotonic() - self.saved > CHECKPOINT_SECONDS:
                self._save()

    def _progress(self, phase: str) -> None:
        """Report progress at each change of phase, else at most every BEAT_SECONDS."""
        now = time.monotonic()
        if phase == self.phase and now - self.beat < BEAT_SECONDS:
            return
        self.phase, self.beat = phase, now
        self.recorder.progress(
            Progress(
                phase=phase,
                iteration=self.session.iteration,
                iterations=self.session.config.iterations,
                kimg=self.session.kimg,
                kid=self.kid,
                images_per_second=self.session.images_per_second,
            )
        )

    def _evaluated(self, row: ScoreRow) -> None:
        """Row, samples, generator, then the checkpoint that makes them final."""
        self.kid = row.kid
        iteration = self.session.iteration
        self.recorder.evaluation(self.identity, row)
        self.sink.evaluation(row, self.identity)
        path = self.recorder.sample_path(iteration)
        write_grid(path, self.session.grid(), GRID)
        self.sink.samples(iteration, self.session.kimg, path)
        self.session.save_generator(self.recorder.generator(iteration))
        rows = self.trial.evaluation_rows(self.identity)
        if _best(rows).iteration == iteration:
            self.session.save(self.recorder.checkpoint.with_name(layout.BEST))
        self._drop_generators(rows)
        self._save()
        self._ask()

    def _ask(self) -> None:
        self.pruned = 0 < self.session.iteration < self.session.config.iterations and (
            self.gives_up()
        )

    def _drop_generators(self, rows: Sequence[ScoreRow]) -> None:
        """Keep the EMA generators of the last fifth, the best and the last."""
        kept = {_best(rows).iteration, rows[-1].iteration, *self.session.config.final_iterations}
        for row in rows:
            if row.iteration not in kept:
                self.recorder.generator(row.iteration).unlink(missing_ok=True)

    def _save(self) -> None:
        self.recorder.settle()
        self.recorder.keep_checkpoint()
        self.session.save(self.recorder.checkpoint)
        self.saved = time.monotonic()

    def _result(self, status: Status, message: str) -> Result:
        session = self.session
        rows, scores = self.trial.training_rows(), self.trial.evaluation_rows(self.identity)
        loss = LOSSES.load(session.config.loss.name)
        overlapping = PROTOCOLS[session.config.evaluation.protocol or ""].overlapping
        early = session.config.schedule.last_by(Fraction(1, 2))
        flags = health.score_flags(scores, overlapping, self.identity, early)
        flags += health.training_flags(rows, loss.reaches_zero)
        flags += health.idle_penalty_flags(rows)
        flags += health.falling_loss_flags(rows, scores, overlapping, self.identity)
        return Result(
            key=self.recorder.folder.name,
            status=status,
            message=message,
            iteration=session.iteration,
            kimg=session.kimg,
            generator_updates=session.iteration * session.config.training.generator_steps,
            seconds=session.seconds,
            evaluation_seconds=session.evaluation_seconds,
            images_per_second=session.kimg * 1000 / session.seconds if session.seconds else 0.0,
            parameters=session.gan.parameters(),
            flags=tuple(Flag(**flag) for flag in flags),
            finished_at=now(),
            attempts=len(self.trial.environment()),
        )

    def _tidy(self) -> None:
        """When a trial has ended its optimiser states go and its EMA generators stay."""
        if not self.keep_all:
            discard(self.recorder.checkpoint.parent)


def _best(rows: Sequence[ScoreRow]) -> ScoreRow:
    """The row with the lowest KID; of equals the first."""
    return min(rows, key=lambda row: math.inf if row.kid is None else row.kid)
