"""Runs and trials in the record, as plain functions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.config.patch import PLUGINS, default, flatten
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError, unknown
from harness.runs import layout
from harness.runs.outcomes import Outcomes, ending
from harness.runs.trial import STATES, read_plan
from harness.runs.trial import Trial as Record


def status(runtime: Runtime) -> list[dict[str, Any]]:
    """One row per run: its number of trials, their states, and both in words (`outcome`)."""
    rows = []
    for name in layout.run_names(runtime):
        document = read_plan(runtime.study(name) / layout.PLAN)
        if document is None:  # removed a moment ago
            continue
        requests = {cell["label"]: cell["request"] for cell in document["cells"]}
        ends = [
            ending(Record(runtime.trials / item["key"]), requests[item["cell"]])
            for item in document["trials"]
        ]
        counts = {str(name): [status for status, _ in ends].count(name) for name in STATES}
        found = Outcomes.of(ends)
        rows.append({"run": name, "title": document["title"], **found.to_json(), **counts,
                     "outcome": found.sentence})  # fmt: skip
    return rows


@dataclass(frozen=True)
class Explanation:
    """One trial, explained."""

    key: str
    state: str
    used_by: list[str]  # run, cell and seed
    changes: dict[str, Any]  # knobs that differ from S0's defaults
    result: dict[str, Any] | None
    failure: dict[str, Any] | None
    metrics: dict[str, float | None]  # metric identity → last KID
    log: list[str]
    damaged: list[str] = field(default_factory=list)  # now, and set aside before


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
    told.damaged += [f"{path}: damaged: not a complete image" for path in trial.damaged_pictures()]
    told.damaged += [f"set aside before: {layout.ASIDE}/{name}" for name in trial.aside()]
    return Explanation(
        key=trial.key,
        state=str(trial.status()),
        used_by=[
            f"{user['run']}: {user['cell']} seed {user['seed']}"
            for user in users(trial.key, runtime)
        ],
        changes={path: value for path, value in config.items() if value != default(path)},
        result=told.of(trial.result, None),
        failure=told.of(trial.failure, None),
        metrics={name: rows[-1]["kid"] if rows else None for name, rows in scores.items()},
        log=log.read_text(errors="replace").splitlines()[-lines:] if log.is_file() else [],
        damaged=told.damaged,
    )


def _knobs(trial: Record) -> dict[str, Any]:
    """Every knob of a trial; as recorded where plug-ins have a part in them, which may be gone."""
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


def users(key: str, runtime: Runtime) -> list[dict[str, Any]]:
    """The runs that need a trial, with cell and seed."""
    return [
        {"run": name, "cell": item["cell"], "seed": item["seed"]}
        for name in layout.run_names(runtime)
        for item in (read_plan(runtime.study(name) / layout.PLAN) or {"trials": []})["trials"]
        if item["key"] == key
    ]
