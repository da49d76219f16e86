"""Runs and trials in the record, as plain functions."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, NamedTuple

from harness.config.runtime import Runtime
from harness.core.errors import Damaged, HarnessError, unknown
from harness.runs import layout
from harness.runs.outcomes import Outcomes, ending
from harness.runs.plan import PlanRecord, read_plan
from harness.runs.rows import Failure, Result
from harness.runs.status import IN_RECORD
from harness.runs.trial import Trial as Record


def status(runtime: Runtime) -> list[dict[str, Any]]:
    """One row per run: its number of trials, their states, and both in words (`outcome`).

    A run whose plan cannot be read has none (`damaged_plans`).
    """
    rows = []
    for name in layout.run_names(runtime):
        with suppress(Damaged):
            if plan := read_plan(layout.plan_file(name, runtime)):  # else removed a moment ago
                rows.append(_state(name, plan, runtime))
    return rows


def damaged_plans(runtime: Runtime) -> list[str]:
    """A sentence for each run whose plan cannot be read."""
    known = _Known()
    for name in layout.run_names(runtime):
        known.of(partial(read_plan, layout.plan_file(name, runtime)), None)
    return known.damaged


def _state(name: str, plan: PlanRecord, runtime: Runtime) -> dict[str, Any]:
    ends = [
        ending(Record(runtime.trials / trial.key), plan.request(trial)) for trial in plan.trials
    ]
    statuses = [status for status, _ in ends]
    counts = {str(status): statuses.count(status) for status in IN_RECORD}
    outcomes = Outcomes.of(ends)
    done = outcomes.finished + outcomes.diverged + (outcomes.pruned if plan.stages.gives_up else 0)
    over = done == outcomes.trials and plan.stages.ended
    job = None if over else _job(name, runtime)
    standing = "; ".join(filter(None, (plan.stages.standing, job and job.short)))
    return {"run": name, "title": plan.title, **outcomes.to_json(), **counts,
            "outcome": outcomes.sentence, "standing": standing,
            "job": job and job.id, "driver": job.sentence if job else ""}  # fmt: skip


class _Driver(NamedTuple):
    """The job of Ray that drives a run, or that failed to."""

    id: str
    short: str
    sentence: str


def _job(name: str, runtime: Runtime) -> _Driver | None:
    if not (runtime.study(name) / layout.JOB).exists():
        return None
    from harness.execution.cluster.detach import detached, state  # with Optuna

    job = detached(runtime.study(name))
    if job is None or (now := state(job)).word in ("SUCCEEDED", "STOPPED"):
        return None
    word = now.word.lower()
    if now.word == "FAILED":
        return _Driver(job.id, f"job {word}", f"its driver failed: {job.command('logs')}")
    why = f": {now.why}" if now.why else ""
    return _Driver(job.id, f"job {word}", f"driven by the job {job.id} ({word}{why})")


@dataclass(frozen=True)
class Explanation:
    """One trial, explained."""

    key: str
    state: str
    used_by: "list[Use]"
    changes: dict[str, Any]  # knobs that differ from S0's defaults
    result: Result | None
    failure: Failure | None
    metrics: dict[str, float | None]  # metric identity → last KID
    log: list[str]
    damaged: list[str] = field(default_factory=list)  # now, and set aside before

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            **{field.name: getattr(self, field.name) for field in fields(self)},
            "used_by": [use._asdict() for use in self.used_by],
            "result": self.result and self.result.to_json(),
            "failure": self.failure and self.failure.to_json(),
        }


def show(key: str, runtime: Runtime, lines: int = 20) -> Explanation:
    """Explain one trial by its key, or its unique first digits."""
    folders = [path for path in runtime.trials.glob("[!.]*") if path.is_dir()]
    matches = [path for path in folders if path.name.startswith(key)]
    if not key.isalnum() or len(matches) != 1:
        known = [path.name for path in folders]
        why = (
            "give more digits: several trials match"
            if len(matches) > 1
            else unknown("trial", key, known)
        )
        raise HarnessError(why)
    trial = Record(matches[0])
    log = trial.folder / layout.LOG
    told = _Known()
    config = told.of(lambda: _knobs(trial), {})
    names = told.of(lambda: list(trial.metrics()), [])
    scores = {name: told.of(partial(trial.evaluation_rows, name), []) for name in names}
    told.of(trial.training_rows, [])
    from harness.config.patch import default  # all hyper-parameters, which `status` does not need

    told.damaged += [f"{path}: damaged: not a complete image" for path in trial.damaged_pictures()]
    used_by = [
        use
        for name in layout.run_names(runtime)
        for use in told.of(partial(_uses, trial.key, name, runtime), [])
    ]
    told.damaged += [f"set aside before: {layout.ASIDE}/{name}" for name in trial.aside()]
    return Explanation(
        key=trial.key,
        state=str(trial.status()),
        used_by=used_by,
        changes={path: value for path, value in config.items() if value != default(path)},
        result=told.of(trial.result, None),
        failure=told.of(trial.failure, None),
        metrics={name: rows[-1].kid if rows else None for name, rows in scores.items()},
        log=log.read_text(errors="replace").splitlines()[-lines:] if log.is_file() else [],
        damaged=told.damaged,
    )


def _knobs(trial: Record) -> dict[str, Any]:
    """Every knob of a trial; as recorded where plug-ins have a part in them, which may be gone."""
    from harness.config.patch import PLUGINS, flatten

    knobs = trial.knobs()
    if not knobs or any(path.startswith(f"{PLUGINS}.") for path in knobs):
        return knobs
    return flatten(trial.config())


class _Known:
    """The readable parts of a trial; `damaged` lists the others."""

    def __init__(self) -> None:
        self.damaged: list[str] = []

    def of(self, read: Callable[[], Any], otherwise: Any) -> Any:
        """The result of `read`, or `otherwise` if the file is damaged."""
        try:
            return read()
        except HarnessError as error:
            self.damaged.append(str(error))
            return otherwise


class Use(NamedTuple):
    """A run that needs a trial, and the cell and seed that the trial has in it."""

    run: str
    cell: str
    title: str  # of the cell, for people
    seed: int


def _uses(key: str, name: str, runtime: Runtime) -> list[Use]:
    plan = read_plan(layout.plan_file(name, runtime))
    trials = [trial for trial in (plan.trials if plan else ()) if trial.key == key]
    if plan is None or not trials:
        return []
    from harness.plan.naming import cell_names  # with all tips, which few runs are asked for

    titles = cell_names(plan)
    return [Use(name, trial.cell, titles[trial.cell], trial.seed) for trial in trials]


def users(key: str, runtime: Runtime) -> set[str]:
    """The runs that need a trial."""
    plans = {name: read_plan(layout.plan_file(name, runtime)) for name in layout.run_names(runtime)}
    return {name for name, plan in plans.items() if plan and key in plan.keys}
