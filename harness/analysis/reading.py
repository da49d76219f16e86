"""Content of one trial's folder: its row of the frame of trials, its curves and all else."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.blocks import Blocks, collect_blocks
from harness.analysis.objectives import (
    compared_as,
    final_kid,
    untrained,
    value,
)
from harness.analysis.values import costs, message, number, surroundings
from harness.config.catalog import PROTOCOLS
from harness.config.patch import schedule
from harness.metrics.kid import standard_error
from harness.metrics.neighbours import SCORES
from harness.runs import layout
from harness.runs.flags import trial_flags
from harness.runs.plan import PlanRecord, TrialRecord
from harness.runs.rows import MetricAbout, ScoreRow
from harness.runs.status import Status
from harness.runs.trial import Trial

BESIDE = (*SCORES, "fid", "inception_score")  # KID; described, never judged


@dataclass(frozen=True)
class Score:
    """How one trial ended and was scored, in the metric that its plan asks for."""

    planned: TrialRecord
    row: dict[str, Any]  # of the frame of trials
    config: dict[str, Any]
    metric: MetricAbout | None
    curves: Sequence[ScoreRow]


@dataclass(frozen=True)
class Read(Score):
    """All content of one trial's folder, as rows of the frames."""

    points: list[dict[str, Any]]  # of the curves
    training: list[dict[str, Any]]
    flags: list[dict[str, Any]]
    environments: list[dict[str, Any]]
    samples: list[dict[str, Any]]
    pictures: list[dict[str, Any]]
    nearest: list[dict[str, Any]]
    images: dict[str, Any] | None
    blocks: Blocks | None
    further: Sequence[tuple[MetricAbout, dict[str, Any]]] = ()  # other metrics, and `row` by each


def read_score(trial: Trial, planned: TrialRecord, plan: PlanRecord) -> Score:
    """Read as much of a planned trial's folder as its row of the frame of trials holds."""
    identity = trial.metric(plan.request(planned))
    curves = trial.evaluation_rows(identity) if identity else []
    # read flat and unvalidated, so that the record of an older version can still be reported
    config = trial.knobs()
    row = _row(trial, planned, plan, config, (identity, curves))
    return Score(planned, row, config, trial.metrics()[identity] if identity else None, curves)


def _row(
    trial: Trial,
    planned: TrialRecord,
    plan: PlanRecord,
    config: Mapping[str, Any],
    scored: tuple[str | None, Sequence[ScoreRow]],
) -> dict[str, Any]:
    """The row of the frame of trials by one metric; `scored`: its identity and evaluations."""
    identity, rows = scored
    result, failure = trial.result(), trial.failure()
    status = result.status if result else Status.CRASHED if failure else Status.MISSING
    # to a search a trial that it gave up is no gap
    if status == Status.MISSING and plan.stages.gives_up and trial.pruned() is not None:
        status = Status.PRUNED
    return {
        **{"cell": planned.cell, "seed": planned.seed, "key": planned.key},
        "status": status,
        "identity": compared_as(plan.objective, identity, rows),
        "flags": " ".join(dict.fromkeys(flag.flag for flag in trial_flags(trial, identity))),
        "message": message(result, failure),
        **_scores(rows, status, config, plan),
        **costs(result, (rows or trial.training_rows())[-1:]),
    }


def read(trial: Trial, planned: TrialRecord, plan: PlanRecord) -> Read:
    """Read the folder of a planned trial, in the metric that its plan asks for."""
    score = read_score(trial, planned, plan)
    who = {"cell": planned.cell, "seed": planned.seed}
    key, known = {**who, "key": planned.key}, score.row
    identity = trial.metric(plan.request(planned))
    protocol = score.metric.protocol if score.metric else ""
    overlapping = protocol in PROTOCOLS and PROTOCOLS[protocol].overlapping
    finished = known["status"] == Status.FINISHED
    return Read(
        planned,
        known,
        score.config,
        score.metric,
        score.curves,
        [
            {**key, "status": known["status"], "identity": known["identity"],
             "kid_error": standard_error(at, overlapping), **at}
            for at in score.curves
        ],
        [{**key, **values} for values in trial.training_rows()],
        [{**who, "flag": flag.flag, "kimg": flag.kimg} for flag in trial_flags(trial, identity)],
        [{**who, **surroundings(e), "attempt": n} for n, e in enumerate(trial.environment(), 1)],
        [{**who, "iteration": int(path.stem), "path": str(path)} for path in trial.samples()],
        [
            {**who, "name": name, "path": str(path)}
            for name in layout.PICTURES
            if (path := trial.picture(name))
        ],
        [{**who, **near.to_json(), "sign": near.sign} for near in (trial.nearest(),) if near],
        trial.images(),
        collect_blocks(score.curves, overlapping, plan.objective, score.config)
        if finished
        else None,
        [
            (about, _row(trial, planned, plan, score.config, (name, trial.evaluation_rows(name))))
            for name, about in trial.metrics().items()
            if name != identity
        ],
    )  # fmt: skip


def _scores(
    curves: Sequence[ScoreRow], status: str, config: Mapping[str, Any], plan: PlanRecord
) -> dict[str, float]:
    kids = [number(row.kid) for row in curves]
    finite = [(kid, row.kimg) for kid, row in zip(kids, curves, strict=True) if kid == kid]
    best, best_kimg = min(finite, default=(math.nan, math.nan))
    judged = value(plan, status, curves, config)
    return {
        "final": number(judged.value),
        "censored": float(judged.censored),
        "threshold_seconds": judged.seconds,
        "best": best,
        "best_kimg": best_kimg,
        "untrained": untrained(curves),
        "final_kid": final_kid(curves, schedule(config)),
        "member_kid": _mean(row.member_kid for row in curves),
        **{name: number(curves[-1].get(name)) if curves else math.nan for name in BESIDE},
    }


def _mean(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else math.nan
