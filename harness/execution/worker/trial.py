"""One trial: train it, continue it, or score it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from harness.analysis.scores import summarise_scores
from harness.config.further import scorings
from harness.config.plugins import check_contents
from harness.config.runtime import Runtime
from harness.config.trial import TrialConfig
from harness.core.errors import Damaged, HarnessError
from harness.core.grids import GRID, SIDE, write_grid
from harness.execution.worker.listener import Listener
from harness.execution.worker.resume import resumed
from harness.gan.data import Images, load_images
from harness.gan.evaluate import Evaluator
from harness.gan.train.program import Programs
from harness.gan.train.session import Session
from harness.mirror.content import trial_config, trial_ending, trial_identity
from harness.mirror.places import TrackingSettings
from harness.mirror.wandb_sink import WandbSink
from harness.queue.base import Claim
from harness.runs import layout
from harness.runs.environment import this_environment
from harness.runs.plan import PlanRecord, TrialRecord
from harness.runs.recorder import Recorder
from harness.runs.rows import MetricAbout, Progress, ScoreRow
from harness.runs.status import Status
from harness.runs.trial import Trial

T = TypeVar("T")
EVALUATORS = 4  # kept; each holds an encoder and the features of the validation images


@dataclass
class Context:
    """Settings and caches that all trials of a worker share."""

    plan: PlanRecord
    runtime: Runtime
    arithmetic: Mapping[str, Any]
    programs: Programs
    stop: Callable[[], bool]
    keep_all: bool = False
    run_id: str = ""  # of W&B, where a sweep has begun the run
    gives_up: Callable[[str], bool] = lambda cell: False  # whether a search drops its trial now
    _sink: WandbSink | None = None
    _images: dict[str, Images] = field(default_factory=dict)
    _evaluators: dict[str, Evaluator] = field(default_factory=dict)

    def images(self, config: TrialConfig) -> Images:
        """The data set of a trial; the last one stays loaded."""
        name = config.data.model_dump_json()
        if name not in self._images:
            self._images = {name: load_images(config.data, self.runtime.cache)}
        return self._images[name]

    def evaluator(self, config: TrialConfig) -> Evaluator:
        """The metric of a trial; the last few stay prepared."""
        parts = (config.data, config.evaluation, config.translation)
        name = "".join(part.model_dump_json() for part in parts)
        if name not in self._evaluators:
            if len(self._evaluators) >= EVALUATORS:
                self._evaluators.pop(next(iter(self._evaluators)))
            images = self.images(config)
            graphs = self.programs.graphs
            self._evaluators[name] = Evaluator(config, images, self.runtime.cache, graphs)
        return self._evaluators[name]

    def open_sink(self, claim: Claim, recorder: Recorder) -> WandbSink:
        """A live mirror of a trial; what fails in it is a line in the trial's log."""
        planned, trial = _planned(claim), Trial(recorder.folder)
        config = self._mirrored(partial(trial_config, self.plan, planned, trial)) or {}
        identity = trial_identity(self.plan, planned, self.runtime, self.run_id)
        settings = TrackingSettings(mode=self.runtime.tracking, machine=True)
        self._sink = WandbSink.open(identity, settings, config, recorder.log)
        return self._sink

    def close_sink(self, claim: Claim, recorder: Recorder) -> None:
        """End the mirror of a trial, if it has one, with what the record says of its end."""
        sink, self._sink = self._sink, None
        if sink is not None:
            planned, trial = _planned(claim), Trial(recorder.folder)
            ending = partial(trial_ending, self.plan, planned, trial, summarise_scores)
            sink.finish(self._mirrored(ending))

    def _mirrored(self, read: Callable[[], T | None]) -> T | None:
        # on a cluster's node nothing is mirrored, and the plan may lack a cell that was suggested
        if self.runtime.tracking == "disabled":
            return None
        try:
            return read()
        except Damaged:  # by other metrics of an older training; a mirror fails no trial
            return None


def _planned(claim: Claim) -> TrialRecord:
    return TrialRecord(cell=claim.cell, seed=claim.seed, key=claim.key)


def run_trial(config: TrialConfig, claim: Claim, recorder: Recorder, context: Context) -> Status:
    """Train (or continue) one trial, or score it if it is trained; how it ended.

    Its mirror stays open, for `Context.close_sink` to end once the record has the outcome. A
    further metric that lacks scores at some evaluations, since it was added later, is measured on
    the generators that are kept.
    """
    check_contents(config)
    recorder.progress(
        Progress(phase="loading", iteration=0, iterations=config.iterations, kimg=0.0)
    )
    trained = Trial(recorder.folder).result() is not None
    if not trained:
        recorder.start(config, this_environment(context.arithmetic, config.plugins))
    images = context.images(config)
    for note in images.notes:
        recorder.log(note)
    if not trained:
        recorder.images(images.facts)
    program = context.programs.get(config)
    asked = scorings(config, context.plan.metrics)
    evaluators = [context.evaluator(each) for each in asked]
    for note in dict.fromkeys(note for each in evaluators for note in each.notes):
        recorder.log(note)
    sessions = [
        partial(Session, each, images, evaluator, program)
        for each, evaluator in zip(asked, evaluators, strict=True)
    ]
    if not trained:
        begin = partial(sessions[0], further=evaluators[1:])
        status = _train(begin, claim, recorder, context)
        if not status.ended:
            return status
    for session in sessions if trained else sessions[1:]:
        status = _score(session(), recorder)
    return status


def _train(
    begin: Callable[[], Session], claim: Claim, recorder: Recorder, context: Context
) -> Status:
    session = resumed(begin, recorder)
    for evaluator in (session.evaluator, *session.further):
        recorder.describe_metric(_about(evaluator))
    validation = recorder.folder / layout.VALIDATION
    write_grid(validation, session.evaluator.rows(SIDE * SIDE), GRID)
    sink = context.open_sink(claim, recorder)
    if not session.iteration:
        sink.validation_images(validation)
    gives_up = partial(context.gives_up, claim.cell)
    listener = Listener(session, recorder, sink, context.keep_all, gives_up)
    result = listener.run(context.stop)
    if listener.pruned:
        return Status.PRUNED
    return result.status if result else Status.STOPPED


def _about(evaluator: Evaluator) -> MetricAbout:
    """The description of a metric, as it is recorded."""
    spec = dict(evaluator.spec)
    return MetricAbout(requests=(spec.pop("request"),), **spec)


def _score(session: Session, recorder: Recorder) -> Status:
    """Score the kept EMA generators of a trained trial by another metric."""
    evaluator, status = session.evaluator, Trial(recorder.folder).status()
    if recorder.scored(evaluator.identity, session.config.schedule):
        # asked for in other words: the curve of the training has more points than are kept
        recorder.describe_metric(_about(evaluator))
    else:
        recorder.score(_about(evaluator), _rescored(session, recorder, status))
    recorder.recovered()
    return status


def _rescored(session: Session, recorder: Recorder, status: Status) -> list[ScoreRow]:
    """Rows of the untrained generator, which follows from the seed, and of those that are kept."""
    config = session.config
    numbers = {at: number for number, at in enumerate(config.evaluation_iterations)}
    kept = sorted((recorder.folder / layout.GENERATORS).glob("*.npz"))
    needed = set(config.final_iterations) if status is Status.FINISHED else set()
    if needed - {int(path.stem) for path in kept if path.stem.isdigit()}:
        raise HarnessError(
            f"{recorder.folder.name}: its generators were removed (harness clean) or are damaged, "
            "so it cannot be scored; harness clean STUDY --trials and a new run train it again"
        )
    rows = [ScoreRow(session.score_values(0))]
    for path in kept:
        if iteration := session.load_generator(path):
            rows.append(ScoreRow(session.score_values(numbers[iteration])))
            recorder.progress(
                Progress(
                    phase="evaluating",
                    iteration=iteration,
                    iterations=config.iterations,
                    kimg=session.kimg,
                    kid=rows[-1].kid,
                )
            )
    seconds = {row.iteration: row.seconds for row in Trial(recorder.folder).training_rows()}
    return [ScoreRow({**row, "seconds": seconds.get(row.iteration, 0.0)}) for row in rows]
