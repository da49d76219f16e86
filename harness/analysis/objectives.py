"""Objectives: one number for a trial's KID curve, declared in the study before it is run."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from harness.analysis.values import number
from harness.config.catalog import OBJECTIVES
from harness.config.patch import DEFAULTS
from harness.config.patch import schedule as schedule_of
from harness.config.trial import Schedule
from harness.core.format import KID_SCALE
from harness.metrics.kid import HALVES, SHARED_HALVES
from harness.runs.plan import PlanRecord
from harness.runs.rows import ScoreRow
from harness.runs.status import Status

"""KID is shown × 10³ everywhere; tables on disk keep it as measured."""

Rows = Sequence[ScoreRow]  # evaluations of one trial, in the order of training


class Value(NamedTuple):
    """The objective of a trial; NaN until all of what it needs is there. Lower is better."""

    value: float
    censored: bool = False  # a time that was not reached within the budget, which stands for it
    seconds: float = math.nan  # of training, to the same point


class Objective(NamedTuple):
    """One way of judging a curve; `scale` and `unit` are those in which it is shown."""

    score: Callable[[Rows, Schedule, float], Value]  # rows, planned evaluations, threshold
    what: str
    unit: str = "KID × 10³"
    scale: float = KID_SCALE


def final(rows: Rows, schedule: Schedule, threshold: float) -> Value:
    """Mean KID over the evaluations in the last fifth of the training.

    Of a trial that is scored again only these may be there, with the best. The mean and not
    the minimum: the best of noisy checkpoints is biased down (statistics, section 1).
    """
    del threshold
    kids = {row.evaluation: number(row.kid) for row in rows}
    wanted = [kids.get(place, math.nan) for place in schedule.window]
    return Value(float(np.mean(wanted)))


def best(rows: Rows, schedule: Schedule, threshold: float) -> Value:
    """KID of the best evaluation, chosen on one half of all images, scored on the other.

    The halves share no image, generated or real, so the choice does not flatter the score. Those
    of an older record do share the generated ones; `compared_as` keeps them apart.
    """
    del threshold
    names = SHARED_HALVES if _shares(rows) else HALVES
    halves = [(number(row.get(names[0])), number(row.get(names[1]))) for row in _trained(rows)]
    if len(halves) < schedule.evaluations or not all(map(math.isfinite, sum(halves, ()))):
        return Value(math.nan)
    return Value(min(halves)[1])


def compared_as(name: str, identity: str | None, rows: Rows) -> str | None:
    """The metric identity under which values of an objective compare with each other.

    That of the scores, except for `best` of an older record, whose halves share generated images:
    another number, which does not compare with those of today.
    """
    other = identity is not None and name == "best" and _shares(rows)
    return f"{identity}.shared_halves" if other else identity


def _shares(rows: Rows) -> bool:
    return bool(rows) and all(SHARED_HALVES[0] in row for row in rows)


def area(rows: Rows, schedule: Schedule, threshold: float) -> Value:
    """Mean KID over the logarithm of kimg, from the first evaluation in training to the last."""
    del threshold
    trained = _trained(rows)
    kids = np.array([number(row.kid) for row in trained])
    if len(kids) < max(2, schedule.evaluations):
        return Value(kids[0] if len(kids) == schedule.evaluations == 1 else math.nan)
    at = np.log([row.kimg for row in trained])
    return Value(float(np.trapezoid(kids, at) / (at[-1] - at[0])))


def time_to_threshold(rows: Rows, schedule: Schedule, threshold: float) -> Value:
    """Images (kimg) until an evaluation is at the threshold or below, as a KID.

    A trial that does not get there is censored: it enters with its budget.
    """
    for row in rows:
        if number(row.kid) <= threshold:
            return Value(row.kimg, False, row.seconds)
    if len(_trained(rows)) < schedule.evaluations:
        return Value(math.nan)
    return Value(rows[-1].kimg, True)


def value(plan: PlanRecord, status: str, rows: Rows, config: Mapping[str, Any]) -> Value:
    """The objective that a plan declares, of a trial with these knobs; NaN before it has ended.

    Report, tables and W&B have it from here.
    """
    if status == Status.FINISHED:
        score, threshold = objective(plan.objective).score, number(plan.threshold)
        return score(rows, schedule_of(config), threshold)
    if status == Status.DIVERGED:
        return failed(plan.objective, rows, {**DEFAULTS, **config}["training.kimg"])
    return Value(math.nan)


def failed(name: str, rows: Rows, budget: float) -> Value:
    """The objective of a diverged trial: untrained or last finite KID, whichever is larger.

    Of a time: the budget, censored.
    """
    if objective(name).unit == KIMG:
        return Value(budget, True)
    kids = [number(row.kid) for row in rows]
    if not kids or not math.isfinite(kids[0]):
        return Value(math.nan)
    last = [kid for kid in kids if math.isfinite(kid)][-1]
    return Value(max(kids[0], last))


def untrained(rows: Rows) -> float:
    """KID before the training; NaN where no row tells it."""
    return next((number(row.kid) for row in rows if row.evaluation == 0), math.nan)


def final_kid(rows: Rows, schedule: Schedule) -> float:
    """KID at the end of a training, whatever its objective; of one cut short, the last there is."""
    known = [kid for row in _trained(rows) if math.isfinite(kid := number(row.kid))]
    whole = final(rows, schedule, math.nan).value
    return whole if math.isfinite(whole) or not known else known[-1]


def _trained(rows: Rows) -> Rows:
    return [row for row in rows if row.evaluation > 0]


KIMG = "kimg"
FINAL = Objective(final, "the mean KID over the evaluations in the last fifth of the training")
BEST = Objective(
    best,
    "the KID of the best evaluation, chosen on one half of the generated and validation images "
    "and scored on the other",
)
AREA = Objective(area, "the mean KID over the logarithm of the images shown")
TIME_TO_THRESHOLD = Objective(
    time_to_threshold, "the images shown until KID is at the threshold", KIMG, 1
)


def objective(name: str) -> Objective:
    """The objective by the name that the study declares."""
    judged: Objective = OBJECTIVES.load(name)
    return judged
