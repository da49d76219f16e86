"""Content of a trial's run in W&B: where it belongs, its config, its summary.

The live mirror, that of a cluster, `harness sync` and a sweep's agent all have it from here, and
all of it is read from the record.
"""

from collections.abc import Callable
from typing import Any

from harness.config.inputs.facts import flat
from harness.config.runtime import Runtime
from harness.mirror.places import Ending, Row, RunIdentity
from harness.runs.plan import PlanRecord, TrialRecord
from harness.runs.rows import HARNESS
from harness.runs.status import Status
from harness.runs.trial import Trial

REPORT = "report"
Scores = Callable[[Trial, str, PlanRecord], Row]
"""Trial, request of a metric, plan → its final numbers, as `analysis.scores` gives them."""


def trial_identity(
    plan: PlanRecord, planned: TrialRecord, runtime: Runtime, run_id: str = ""
) -> RunIdentity:
    """Where a trial of a plan goes; `run_id`: of the run that a sweep has begun for it."""
    return _identity(plan, runtime, planned.key, planned.cell, planned.seed, run_id)


def report_identity(plan: PlanRecord, runtime: Runtime) -> RunIdentity:
    """Where the run of the finished study goes."""
    return _identity(plan, runtime, REPORT, REPORT, None)


def _identity(
    plan: PlanRecord, runtime: Runtime, key: str, cell: str, seed: int | None, run_id: str = ""
) -> RunIdentity:
    return RunIdentity(
        project=runtime.project,
        run_name=plan.run_name,
        study=plan.study,
        profile=plan.profile,
        key=key,
        cell=cell,
        seed=seed,
        directory=runtime.study(plan.run_name),
        run_id=run_id,
        notes=f"Run it again: {plan.command('run')}",
    )


def trial_config(plan: PlanRecord, planned: TrialRecord, trial: Trial) -> dict[str, Any]:
    """Every knob and image count by its dotted name; study, cell, levels, metric and code."""
    attempts = trial.environment()
    last = attempts[-1] if attempts else None
    return {
        **trial.knobs(),
        **flat(trial.images()),
        **_study(plan),
        "cell": planned.cell,
        "key": planned.key,
        "levels": dict(plan.cell(planned.cell).levels),
        "metric": trial.metric(plan.request(planned)),
        "commit": last.git.commit if last else "",
        "uncommitted_changes": bool(last and last.git.dirty),
        "version": last.versions.get(HARNESS, "") if last else "",
    }


def report_config(plan: PlanRecord) -> dict[str, Any]:
    """The study, what it asks, and how it is judged."""
    return {
        **_study(plan),
        "title": plan.title,
        "question": plan.question,
        "design": plan.design,
        "objective": plan.objective,
        "seeds": list(plan.seeds),
        "alpha": plan.alpha,
    }


def _study(plan: PlanRecord) -> dict[str, Any]:
    return {"study": plan.study, "profile": plan.profile, "run_name": plan.run_name}


def trial_ending(
    plan: PlanRecord, planned: TrialRecord, trial: Trial, scores: Scores
) -> Ending | None:
    """How a trial ended, with its final numbers; None where it has not ended, or may go on."""
    status = trial.status()
    ended = _ended(trial, status)
    if not ended:
        return None
    return Ending(status, {**ended, **scores(trial, plan.request(planned), plan)})


def _ended(trial: Trial, status: Status) -> dict[str, Any]:
    about: dict[str, Any] = {"key": trial.key, "status": str(status)}
    if status.ended and (result := trial.result()):
        return result.to_json()
    if status is Status.PRUNED and (pruned := trial.pruned()):
        return {**about, "iteration": pruned.iteration, "kimg": pruned.kimg}
    if status is Status.CRASHED and (failure := trial.failure()):
        return {**about, "message": failure.error, "attempts": failure.attempt}
    return {}
