"""The missing trials of a plan on this machine, and their cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.config.further import scorings
from harness.config.identity import digest, metric_request
from harness.config.patch import Patch, flatten
from harness.config.runtime import Runtime
from harness.config.trial import Schedule, rules
from harness.core import format as show
from harness.core.errors import Damaged
from harness.core.files import read_object, write_json
from harness.plan.cells import Trial
from harness.plan.elsewhere import Estimate, estimate, in_words
from harness.plan.expand import Plan
from harness.plan.naming import cell_names
from harness.plan.stages import Static
from harness.runs import layout
from harness.runs.plan import read_plan
from harness.runs.status import Status
from harness.runs.trial import Snapshot
from harness.runs.trial import Trial as Record

# knobs that a trial's speed does not depend on; every other one counts as if it did
SPEEDLESS = (
    "seed",
    "data.path",
    "data.train_images",
    "data.subset_seed",
    "optimizer.",
    "training.kimg",
    "training.evaluations",
    "training.final_evaluations",
    "training.ema",
    "loss.label_smoothing",
)
_BYTES = 4  # of a float32


@dataclass(frozen=True)
class Missing:
    """A trial of a plan that must be trained, or only scored."""

    trial: Trial
    trained: bool


@dataclass(frozen=True)
class Forecast:
    """The cost of a run on this machine."""

    plan: Plan
    missing: tuple[Missing, ...]
    images: int  # real images still to be shown
    seconds: float | None  # None: unmeasured
    disk: int  # bytes that stay
    warnings: tuple[str, ...]
    choosing: "Forecast | None" = None  # of the trials that tune, which are among the others
    further: "Forecast | None" = None  # of the trials that follow at most, if looks close nothing
    changed: bool = False  # the images are others than those that this run was begun with
    estimates: tuple[Estimate, ...] = ()  # by machine, where no time was measured on this one

    @property
    def undecided(self) -> int:
        """Upper bound of the trials that follow from the results of those that are due."""
        return self.plan.stages.undecided(self.plan)

    @property
    def time(self) -> str:
        """The time on this machine in words, or else the estimates for others."""
        if self.seconds is not None:
            return f"about {show.duration(self.seconds)}"
        others = f" (estimate: {in_words(self.estimates)})" if self.estimates else ""
        return f"unmeasured{others}"

    @property
    def to_train(self) -> list[Trial]:
        """The trials that are to be trained."""
        return [item.trial for item in self.missing if not item.trained]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        names = cell_names(self.plan)
        missing = {item.trial.key for item in self.missing if not item.trained}
        trials = [
            {
                "cell": trial.cell.label,
                "seed": trial.seed,
                "key": trial.key,
                "trained": trial.key not in missing,
            }
            for trial in self.plan.trials
        ]
        return {
            "run_name": self.plan.run_name,
            "profile": self.plan.profile,
            "cells": [
                {"label": cell.label, "title": names[cell.label], "patch": dict(cell.patch)}
                for cell in self.plan.cells
            ],
            "trials": trials,
            "crossed": self.plan.crossed.to_json() if self.plan.crossed else None,
            "to_train": len(missing),
            "to_score": len(self.missing) - len(missing),
            **self._time_json,
            "disk_bytes": self.disk,
            "warnings": list(self.warnings),
            "data": list(self.plan.images),
            "data_changed": self.changed,
            "lacking": [str(each) for each in self.plan.lacking],
            **({"tuning": self._choosing_json(self.choosing)} if self.choosing else {}),
            **({"further": self._further_json(self.further)} if self.further else {}),
            **({"to_suggest": self.plan.stages.record.left} if self._grows else {}),
        }

    @property
    def _time_json(self) -> dict[str, Any]:
        estimates = [each._asdict() for each in self.estimates]
        return {"images": self.images, "seconds": self.seconds, "estimates": estimates}

    @property
    def _grows(self) -> bool:
        return self.plan.stages.record.grows

    def _further_json(self, further: "Forecast") -> dict[str, Any]:
        return {
            "trials": self.undecided,
            "to_train": len(further.to_train),
            **further._time_json,
            "disk_bytes": further.disk,
        }

    def _choosing_json(self, choosing: "Forecast") -> dict[str, Any]:
        return {
            "trials": len(choosing.plan.trials),
            "to_train": len(choosing.to_train),
            **choosing._time_json,
            "chosen": dict(self.plan.stages.chosen),
            "undecided": self.undecided,
        }


def missing(plan: Plan, runtime: Runtime) -> tuple[Missing, ...]:
    """The trials without a result or a score, in the order of the plan."""
    incomplete = []
    gives_up = plan.stages.record.gives_up
    asked = _Asked(plan.metrics)
    # cells can be tuned to the same training
    for trial in {trial.key: trial for trial in plan.trials}.values():
        record = Snapshot(runtime.trials / trial.key)
        trained = record.result() is not None
        if gives_up and not trained and record.pruned() is not None:
            continue
        if not trained or not _scored(record, asked.of(trial)):
            incomplete.append(Missing(trial, trained))
    return tuple(incomplete)


class _Asked:
    """By which metrics each trial is to be scored, and when: the same for all seeds of a cell."""

    def __init__(self, metrics: Sequence[Patch]) -> None:
        self._metrics = metrics
        self._cells: dict[str, list[tuple[str, Schedule]]] = {}

    def of(self, trial: Trial) -> list[tuple[str, Schedule]]:
        """Request and schedule of each metric."""
        cell = trial.cell
        if cell.label not in self._cells:
            asked = scorings(cell.config, self._metrics)
            self._cells[cell.label] = [(metric_request(one), one.schedule) for one in asked]
        return self._cells[cell.label]


def _scored(record: Record, asked: Sequence[tuple[str, Schedule]]) -> bool:
    """Whether a trained trial has the requested scores; damaged ones count as missing."""
    try:
        return all(record.scored(request, schedule) for request, schedule in asked)
    except Damaged:
        return False


def forecast_cost(plan: Plan, runtime: Runtime, workers: int) -> Forecast:
    """The missing trials of a plan, and their cost with this number of workers."""
    lacking = missing(plan, runtime)
    training = [item.trial for item in lacking if not item.trained]
    # what is not suggested yet costs about what the reference does
    training += [plan.trials[0]] * plan.stages.record.left
    configs = [trial.cell.config for trial in training]
    scoring = any(item.trained for item in lacking)  # its time alone is not measured apart
    seconds = None if scoring else _seconds(training, _speeds(runtime))
    advised = {cell.label: rules.warnings(cell.config) for cell in plan.cells}
    names = cell_names(plan) if any(advised.values()) else {}
    advice = [f"{names[label]}: {text}" for label, texts in advised.items() for text in texts]

    def part(trials: Sequence[Trial]) -> Forecast | None:
        """The cost of some trials of the study, whatever the others do."""
        alone = replace(plan, trials=tuple(trials), stages=Static())
        return forecast_cost(alone, runtime, workers) if trials else None

    return Forecast(
        plan,
        lacking,
        images=sum(config.iterations * config.iteration_images for config in configs),
        seconds=None if seconds is None else seconds / min(workers, max(1, len(training))),
        estimates=estimate(training, plan.cells[0].config)
        if seconds is None and not scoring
        else (),
        disk=_disk(training),
        warnings=tuple(advice),
        changed=_changed(plan, runtime),
        choosing=part(plan.stages.choosing),
        further=part(plan.stages.further(plan)),
    )


def _changed(plan: Plan, runtime: Runtime) -> bool:
    """Whether the images, or how they are decoded, have changed since this run was started."""
    begun = read_plan(layout.plan_file(plan.run_name, runtime))
    before = {cell.config.get("data.content") for cell in (begun.cells if begun else ())} - {None}
    now = {cell.config.data.content for cell in plan.cells} - {None}
    return bool(before) and not now <= before


def remember_speed(plan: Plan, runtime: Runtime) -> None:
    """Store how fast this plan's trials were, for later forecasts."""
    speeds = _speeds(runtime)
    for trial in plan.trials:
        record = Record(runtime.trials / trial.key)
        count = trial.cell.config.training.evaluations + 1
        result = record.result()
        finished = result is not None and result.status is Status.FINISHED
        if result and finished and result.images_per_second and _trained_with(record, trial, count):
            speeds[speed_name(flatten(trial.cell.config))] = {
                "images_per_second": result.images_per_second,
                "evaluation_seconds": (result.evaluation_seconds or 0.0) / count,
            }
    write_json(runtime.runs / layout.SPEED, speeds)


def _speeds(runtime: Runtime) -> dict[str, Any]:
    """Speeds measured on this machine; a damaged file counts as missing."""
    try:
        speeds = read_object(runtime.runs / layout.SPEED) or {}
    except Damaged:
        return {}
    names = ("images_per_second", "evaluation_seconds")
    return {
        key: speed
        for key, speed in speeds.items()
        if isinstance(speed, dict)
        and all(isinstance(speed.get(name), int | float) for name in names)
    }


def _trained_with(record: Record, trial: Trial, count: int) -> bool:
    """Whether this is the metric of the training: a trial scored later has fewer points."""
    metric = record.metric(metric_request(trial.cell.config))
    return metric is not None and len(record.evaluation_rows(metric)) == count


def speed_name(knobs: Mapping[str, Any]) -> str:
    """A name that trials of the same speed share, from all knobs of a cell."""
    return digest({path: value for path, value in knobs.items() if not path.startswith(SPEEDLESS)})


def _seconds(trials: Iterable[Trial], speeds: Mapping[str, Any]) -> float | None:
    """Seconds of one worker for `trials`, from the speed of similar ones; None: unmeasured."""
    total = 0.0
    names: dict[str, str] = {}  # by cell: a seed is no matter of speed
    for trial in trials:
        label = trial.cell.label
        names[label] = names.get(label) or speed_name(flatten(trial.cell.config))
        speed = speeds.get(names[label])
        if speed is None:
            return None
        config = trial.cell.config
        total += config.iterations * config.iteration_images / speed["images_per_second"]
        total += (config.training.evaluations + 1) * speed["evaluation_seconds"]
    return total


def _disk(trials: Iterable[Trial]) -> int:
    """Disk space of finished trials: the EMA generators of the last fifth and the best one.

    A generator's size is taken from its weights: kernels of the dense stem and the convolutions.
    """
    total = 0
    for trial in trials:
        config = trial.cell.config
        net, kernel = config.generator, config.generator.kernel_size**2
        depth = net.depth or 0
        weights = net.width * (16 * net.noise_size + kernel * net.width * (depth - 1))
        kept = len(config.schedule.window) + 1
        total += kept * weights * _BYTES
    return total
