"""Rebuilding a study's mirror in W&B from the record: a whole run for each trial and the report.

A run is whole if it was marked so, and shows what the record holds now (by digest). What is not is
written again: trials shared with another study, resumed, killed, added or scored again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.config.runtime import Runtime
from harness.core.errors import HarnessError, unknown
from harness.core.files import file_digest
from harness.mirror import places as mirror
from harness.mirror.content import (
    REPORT,
    Scores,
    report_config,
    report_identity,
    trial_config,
    trial_ending,
    trial_identity,
)
from harness.mirror.places import (
    Ending,
    Log,
    Mode,
    Row,
    RunIdentity,
    StudyReport,
    TrackingSettings,
)
from harness.mirror.wandb_library import resolve_mode
from harness.mirror.wandb_sink import WandbSink
from harness.runs import layout
from harness.runs.outcomes import Outcomes
from harness.runs.outcomes import ending as ending_of
from harness.runs.plan import PlanRecord, TrialRecord, read_plan
from harness.runs.rows import ScoreRow, TrainingRow
from harness.runs.status import Status
from harness.runs.trial import Trial

UNFINISHED = (Status.BEGUN, Status.MISSING, Status.DAMAGED)
PATIENCE = 60.0  # seconds that a call may wait for W&B: no training waits here
ENOUGH = 3  # runs that failed: then W&B is down, and each further one would wait for its time limit


@dataclass
class SyncReport:
    """Result for each run, by its key (`report`: the run of the finished study)."""

    mode: Mode
    written: list[str] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)  # were so already
    skipped: dict[str, str] = field(default_factory=dict)  # key → why there is nothing to write
    failed: dict[str, str] = field(default_factory=dict)  # key → what went wrong


@dataclass(frozen=True)
class _Content:
    """Content of a run (as `mirror.content_digest` takes it), and how to write it."""

    identity: RunIdentity
    config: dict[str, Any]
    logged: dict[str, list[Any]]
    ending: Ending
    write: Callable[[WandbSink], None]

    @property
    def digest(self) -> str:
        return mirror.content_digest(self.identity, self.config, self.logged, self.ending.summary)


def sync_study(
    run_name: str, runtime: Runtime, log: Log, scores: Scores, shown: StudyReport | None
) -> SyncReport:
    """Write every run of a study that W&B lacks; `shown` is its report, if it has one."""
    plan = _plan(run_name, runtime)
    report = SyncReport(resolve_mode(runtime.tracking, log))
    if report.mode == "disabled":
        return report
    for planned in plan.trials:
        content = _trial_content(plan, planned, runtime, scores)
        if isinstance(content, Status):
            report.skipped[planned.key] = str(content)
        else:
            _mirror(content, report, log)
    study = _report_content(plan, runtime, shown)
    if isinstance(study, str):
        report.skipped[REPORT] = study
    else:
        _mirror(study, report, log)
    return report


def _plan(run_name: str, runtime: Runtime) -> PlanRecord:
    plan = read_plan(layout.plan_file(run_name, runtime))
    if plan is None:
        known = [path.parent.name for path in runtime.all_runs.glob(f"*/{layout.PLAN}")]
        raise HarnessError(unknown("run name", run_name, known))
    return plan


def write_trial(
    plan: PlanRecord, planned: TrialRecord, runtime: Runtime, log: Log, scores: Scores
) -> str:
    """Write a trial of a plan to the run that a sweep has begun, unless it is there.

    Why that failed; empty where it did not.
    """
    report = SyncReport(resolve_mode(runtime.tracking, log))
    if report.mode == "disabled":
        return ""
    content = _trial_content(plan, planned, runtime, scores, runtime.sweep_run)
    if isinstance(content, Status):
        return f"it is {content}"
    _mirror(content, report, log)
    return report.failed.get(planned.key, "")


def _mirror(content: _Content, report: SyncReport, log: Log) -> None:
    """Write a run unless it is whole, and say in `report` what became of it."""
    key = content.identity.key
    if _is_whole(content, report.mode):
        report.whole.append(key)
        return
    if len(report.failed) >= ENOUGH:
        report.failed[key] = f"not tried, as {ENOUGH} runs failed before it"
        return
    messages: list[str] = []
    settings = TrackingSettings(mode=report.mode, patience=PATIENCE, timeout=PATIENCE, rewrite=True)
    sink = WandbSink.open(content.identity, settings, content.config, messages.append)
    content.write(sink)
    if sink.finish(content.ending):
        report.written.append(key)
    else:
        report.failed[key] = "; ".join(messages) or "some rows were not taken"
        log(report.failed[key])


def _is_whole(content: _Content, mode: Mode) -> bool:
    """Whether W&B has this run as the record is now; removes fragments of earlier attempts."""
    identity = content.identity
    entry = mirror.entries(identity.folder).get(identity.key)
    if entry is None or entry["digest"] != content.digest:
        return False
    if identity.run_id and f"-{identity.run_id}" not in entry["folder"]:
        return False  # whole in another run, and this one is a sweep's
    offline = entry["mode"] == "offline"
    if offline and (mode == "online" or not (identity.folder / entry["folder"]).is_dir()):
        return False
    with mirror.held(identity.folder, identity.id, wait=True):
        mirror.remove_offline(identity.folder, identity.id, keep=entry["folder"])
    return True


def _trial_content(
    plan: PlanRecord, planned: TrialRecord, runtime: Runtime, scores: Scores, run_id: str = ""
) -> _Content | Status:
    """The run of a trial; or how it stands, if there is no outcome to show."""
    trial = Trial(runtime.trials / planned.key)
    ending = trial_ending(plan, planned, trial, scores)
    if ending is None:
        return trial.status()
    metric = trial.metric(plan.request(planned))
    evaluations = trial.evaluation_rows(metric) if metric else []
    logged: dict[str, list[Any]] = {
        "training": trial.training_rows(),
        "evaluations": [[metric, row] for row in evaluations],
        "samples": [int(path.stem) for path in trial.samples()],
    }
    if real := trial.picture(layout.VALIDATION):
        logged["validation_images"] = [file_digest(real)]
    identity = trial_identity(plan, planned, runtime, run_id)
    config = trial_config(plan, planned, trial)
    write = partial(_replay, trial=trial, logged=logged, ended=ending.summary)
    return _Content(identity, config, logged, ending, write)


def _replay(sink: WandbSink, trial: Trial, logged: dict[str, list[Any]], ended: Row) -> None:
    """Write the record in the order of training: what belongs to one iteration is one row."""
    training: list[TrainingRow] = logged["training"]
    evaluations: list[tuple[str, ScoreRow]] = logged["evaluations"]
    kimg = {row.iteration: row.kimg for row in [*training, *(row for _, row in evaluations)]}
    speed = (ended.get("kimg") or 0.0) / max(ended.get("iteration") or 0, 1)
    calls: list[tuple[int, Callable[[], None]]] = []
    if real := trial.picture(layout.VALIDATION):
        calls.append((0, partial(sink.validation_images, real)))
    for line in training:
        calls.append((line.iteration, partial(sink.training, line)))
    for metric, row in evaluations:
        calls.append((row.iteration, partial(sink.evaluation, row, metric)))
    for path in trial.samples():
        step = int(path.stem)
        calls.append((step, partial(sink.samples, step, kimg.get(step, step * speed), path)))
    for _, call in sorted(calls, key=lambda entry: entry[0]):
        call()


def _report_content(
    plan: PlanRecord, runtime: Runtime, shown: StudyReport | None
) -> _Content | str:
    """The run of the finished study; or why there is none."""
    if shown is None:
        return "no report was rendered"
    trials = [Trial(runtime.trials / planned.key) for planned in plan.trials]
    if any(trial.status() in UNFINISHED for trial in trials):
        return "the study is not finished"
    outcomes = Outcomes.of(map(ending_of, trials, map(plan.request, plan.trials)))
    summary = {"status": str(Status.FINISHED), "verdict": shown.verdict,
               "verdicts": shown.verdicts, "trials": outcomes.to_json(),
               "outcome": outcomes.sentence}  # fmt: skip
    ending = Ending(Status.FINISHED, summary)
    write = partial(WandbSink.report, report=shown)
    identity, config = report_identity(plan, runtime), report_config(plan)
    return _Content(identity, config, shown.logged(), ending, write)
