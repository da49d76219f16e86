"""Load a study's plan and its part of the record into data frames."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from harness.analysis.objectives import objective, value
from harness.analysis.values import costs, kid_error, message, number, own_flags, surroundings
from harness.config.runtime import Runtime
from harness.errors import HarnessError, unknown
from harness.files import read_json
from harness.records import CRASHED, DIVERGED, FINISHED, PRUNED, Trial

MISSING = "missing"
STATUSES = (FINISHED, DIVERGED, CRASHED, PRUNED, MISSING)
Plan = Mapping[str, Any]

BESIDE = ("coverage", "fid", "inception_score")  # KID; described, never judged
_TRIAL_TEXT = ("cell", "seed", "key", "status", "identity", "flags", "message")
_TRIAL_NUMBERS = (
    "final",  # the objective; a diverged trial has its failure value, an unscored one none
    "censored",  # 1: a time that was not reached, which its budget stands for
    "threshold_seconds",
    "best",
    "best_kimg",
    "untrained",
    "member_kid",  # of several GANs in one trial: the mean of each alone, where `final` looks
    *BESIDE,
    "kimg",
    "iteration",
    "generator_updates",
    "seconds",
    "evaluation_seconds",
    "images_per_second",
    "generator_parameters",
    "discriminator_parameters",
    "attempts",
)
_CURVE_TEXT = ("cell", "seed", "key", "status", "identity")
_CURVE_NUMBERS = ("evaluation", "iteration", "kimg", "generator_updates", "seconds")
_SCORES = ("kid", "kid_error", "kid_half_a", "kid_half_b", *BESIDE)
_TRAINING_NUMBERS = (
    "iteration",
    "kimg",
    "seconds",
    "discriminator_loss",
    "generator_loss",
    "real_accuracy",
    "fake_accuracy",
    "augmentation_probability",
)


@dataclass(frozen=True)
class Frames:
    """A study as asked for (`plan`) and as recorded. KID as measured, times in seconds."""

    plan: Plan
    trials: pd.DataFrame  # one row a planned trial, with `knob:<path>` for knobs that differ
    curves: pd.DataFrame  # one row a trial and evaluation, in the metric that the plan asks for
    training: pd.DataFrame  # one row a trial and log interval
    flags: pd.DataFrame  # cell, seed, flag, kimg
    environments: pd.DataFrame  # one row a trial and attempt
    metrics: pd.DataFrame  # one row a metric identity: what was asked, in how many trials
    samples: pd.DataFrame  # cell, seed, iteration, path of a grid
    interpolations: pd.DataFrame  # cell, seed, path
    configs: Mapping[str, Mapping[str, Any]]  # cell → knobs: of one of its trials, or as planned
    beside: pd.DataFrame  # like `trials`: what is trained and judges nothing, as for a tuning
    importances: Mapping[str, float]  # of a search, as it was last asked for


def each_row(frame: pd.DataFrame) -> Iterable[Any]:
    """The rows as named tuples; what type a column has is known to whoever made the frame."""
    return frame.itertuples(index=False)


def load_plan(run_name: str, runtime: Runtime) -> Plan:
    """What `harness run` was asked; an error with the nearest run name where there is none."""
    plan: Plan | None = read_json(runtime.holding(run_name).study(run_name) / "plan.json")
    if plan is None:
        known = [path.parent.name for path in (runtime.runs / "studies").glob("*/plan.json")]
        raise HarnessError(f"{unknown('run', run_name, known)} (in {runtime.runs / 'studies'})")
    return plan


def load(run_name: str, runtime: Runtime) -> Frames:
    """Read the plan of a run and every planned trial's folder; only what judges has curves."""
    plan, beside = _judged(load_plan(run_name, runtime))
    runtime = runtime.holding(run_name)
    read = _read_all(plan, runtime)
    trials = _frame((part.row for part in read), _TRIAL_TEXT, _TRIAL_NUMBERS)
    configs = _configs(plan, read)
    return Frames(
        plan=plan,
        trials=pd.concat([trials, _knobs(trials["cell"], configs)], axis=1),
        curves=_frame(_each(read, "curves"), _CURVE_TEXT, (*_CURVE_NUMBERS, *_SCORES)),
        training=_frame(_each(read, "training"), ("cell", "seed", "key"), _TRAINING_NUMBERS),
        flags=_frame(_each(read, "flags"), ("cell", "seed", "flag"), ("kimg",)),
        environments=_frame(
            _each(read, "environments"),
            ("cell", "seed", "at", "python", "platform", "device", "arithmetic", "versions",
             "commit", "dirty"),
            ("attempt",),
        ),
        metrics=_metrics(read),
        samples=_frame(_each(read, "samples"), ("cell", "seed", "path"), ("iteration",)),
        interpolations=_frame(_each(read, "interpolations"), ("cell", "seed", "path"), ()),
        configs=configs,
        beside=load_trials(beside, runtime),
        importances=read_json(runtime.study(run_name) / "importances.json") or {},
    )  # fmt: skip


def load_trials(plan: Plan, runtime: Runtime) -> pd.DataFrame:
    """One row a planned trial, of any plan."""
    read = _read_all(plan, runtime)
    return _frame((part.row for part in read), _TRIAL_TEXT, _TRIAL_NUMBERS)


def _read_all(plan: Plan, runtime: Runtime) -> list["_Read"]:
    requests = {cell["label"]: cell["request"] for cell in plan["cells"]}
    objective(plan["objective"])  # an unknown one is an error before anything is read
    return [
        _read(Trial(runtime.trials / row["key"]), row, requests[row["cell"]], plan)
        for row in plan["trials"]
    ]


def _judged(plan: Plan) -> tuple[Plan, Plan]:
    """The plan without the cells that only serve a tuning, and the plan of those."""
    tuning = plan.get("tuning")
    own = {cell["label"] for cell in plan["cells"]} if tuning is None else set(tuning["points"])
    return _part(plan, own.__contains__), _part(plan, lambda label: label not in own)


def _part(plan: Plan, keep: Callable[[str], bool]) -> Plan:
    cells = [cell for cell in plan["cells"] if keep(cell["label"])]
    return {**plan, "cells": cells, "trials": [t for t in plan["trials"] if keep(t["cell"])]}


@dataclass(frozen=True)
class _Read:
    """What one trial's folder gave."""

    row: dict[str, Any]
    config: dict[str, Any]
    metric: dict[str, Any] | None
    curves: list[dict[str, Any]]
    training: list[dict[str, Any]]
    flags: list[dict[str, Any]]
    environments: list[dict[str, Any]]
    samples: list[dict[str, Any]]
    interpolations: list[dict[str, Any]]


def _read(trial: Trial, planned: Mapping[str, Any], request: str, plan: Plan) -> _Read:
    who = {"cell": planned["cell"], "seed": planned["seed"]}
    result, failure = trial.result(), trial.failure()
    # read flat and unvalidated, so that the record of an older version can still be reported
    config = read_json(trial.folder / "config.json") or {}
    identity = trial.metric(request)
    curves = trial.evaluation_rows(identity) if identity else []
    training = trial.training_rows()
    status = result["status"] if result else CRASHED if failure else MISSING
    # to a search a trial that it gave up is no gap
    if status == MISSING and "search" in plan and trial.pruned() is not None:
        status = PRUNED
    key = {**who, "key": planned["key"]}
    flags = own_flags(result, identity)
    row = {
        **key,
        "status": status,
        "identity": identity,
        "flags": " ".join(dict.fromkeys(flag["flag"] for flag in flags)),
        "message": message(result, failure),
        **_scores(curves, status, config, plan),
        **costs(result, (curves or training)[-1:]),
    }
    return _Read(
        row,
        config,
        trial.metrics()[identity] if identity else None,
        [
            {**key, "status": status, "identity": identity, **kid_error(at, str(identity)), **at}
            for at in curves
        ],
        [{**key, **values} for values in training],
        [{**who, "flag": flag["flag"], "kimg": flag["kimg"]} for flag in flags],
        [{**who, **surroundings(e), "attempt": n} for n, e in enumerate(trial.environment(), 1)],
        [{**who, "iteration": int(path.stem), "path": str(path)} for path in trial.samples()],
        [{**who, "path": str(path)} for path in (trial.interpolation(),) if path],
    )  # fmt: skip


def _scores(
    curves: Sequence[Mapping[str, Any]], status: str, config: Mapping[str, Any], plan: Plan
) -> dict[str, float]:
    kids = [number(row["kid"]) for row in curves]
    finite = [(kid, row["kimg"]) for kid, row in zip(kids, curves, strict=True) if kid == kid]
    best, best_kimg = min(finite, default=(math.nan, math.nan))
    found = value(plan, status, curves, config)
    return {
        "final": found.value,
        "censored": float(found.censored),
        "threshold_seconds": found.seconds,
        "best": best,
        "best_kimg": best_kimg,
        "untrained": kids[0] if kids else math.nan,
        "member_kid": _mean(row.get("member_kid") for row in curves),
        **{name: number(curves[-1].get(name)) if curves else math.nan for name in BESIDE},
    }


def _mean(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else math.nan


def _each(read: Iterable[_Read], part: str) -> list[dict[str, Any]]:
    return [row for trial in read for row in getattr(trial, part)]


def _frame(
    rows: Iterable[Mapping[str, Any]], text: Sequence[str], numbers: Sequence[str]
) -> pd.DataFrame:
    """A frame that has its columns and types even where it has no row."""
    frame = pd.DataFrame(list(rows), columns=[*text, *numbers])
    frame = frame.astype(dict.fromkeys(numbers, float))
    return frame.astype({"seed": int, **{name: object for name in text if name != "seed"}})


def _configs(plan: Plan, read: Sequence[_Read]) -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {
        cell["label"]: dict(cell["config"]) for cell in plan["cells"]
    }
    for trial in read:
        known[trial.row["cell"]] |= trial.config
    return known


def _knobs(cells: "pd.Series[str]", configs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The knobs in which cells differ, as `knob:<path>`; None where a cell's value is unknown."""
    paths = dict.fromkeys(path for values in configs.values() for path in values if path != "seed")
    columns = {
        f"knob:{path}": [configs[cell].get(path) for cell in cells]
        for path in paths
        if len({str(values.get(path)) for values in configs.values()}) > 1
    }
    return pd.DataFrame(columns, index=cells.index, dtype=object)


def _metrics(read: Sequence[_Read]) -> pd.DataFrame:
    specs: dict[str, dict[str, Any]] = {}
    for trial in read:
        if trial.metric:
            spec = specs.setdefault(trial.metric["identity"], {**trial.metric, "trials": 0})
            spec["trials"] += 1
    frame = pd.DataFrame(list(specs.values()))
    return frame if specs else pd.DataFrame(columns=["identity", "trials"])
