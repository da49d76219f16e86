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
class Read:
    """Content of one trial's folder, as rows of the frames."""

    planned: TrialRecord
    row: dict[str, Any]
    config: dict[str, Any]
    metric: MetricAbout | None
    curves: list[dict[str, Any]]
    training: list[dict[str, Any]]
    flags: list[dict[str, Any]]
    environments: list[dict[str, Any]]
    samples: list[dict[str, Any]]
    pictures: list[dict[str, Any]]
    nearest: list[dict[str, Any]]
    images: dict[str, Any] | None
    blocks: Blocks | None
    further: Sequence[tuple[MetricAbout, dict[str, Any]]] = ()  # other metrics, and `row` by each


def read(trial: Trial, planned: TrialRecord, plan: PlanRecord) -> Read:
    """Read the folder of a planned trial, in the metric that its plan asks for."""
    who = {"cell": planned.cell, "seed": planned.seed}
    result, failure = trial.result(), trial.failure()
    # read flat and unvalidated, so that the record of an older version can still be reported
    config = trial.knobs()
    identity, metrics = trial.metric(plan.request(planned)), trial.metrics()
    curves = trial.evaluation_rows(identity) if identity else []
    metric = metrics[identity] if identity else None
    protocol = metric.protocol if metric else ""
    overlapping = protocol in PROTOCOLS and PROTOCOLS[protocol].overlapping
    training = trial.training_rows()
    status = result.status if result else Status.CRASHED if failure else Status.MISSING
    # to a search a trial that it gave up is no gap
    if status == Status.MISSING and plan.stages.gives_up and trial.pruned() is not None:
        status = Status.PRUNED
    key = {**who, "key": planned.key}
    compared = compared_as(plan.objective, identity, curves)
    flags = trial_flags(trial, identity)

    def row(name: str | None, rows: Sequence[ScoreRow]) -> dict[str, Any]:
        """Its row by one metric."""
        raised = trial_flags(trial, name)
        return {
            **key,
            "status": status,
            "identity": compared_as(plan.objective, name, rows),
            "flags": " ".join(dict.fromkeys(flag.flag for flag in raised)),
            "message": message(result, failure),
            **_scores(rows, status, config, plan),
            **costs(result, (rows or training)[-1:]),
        }

    finished = status == Status.FINISHED
    scored = collect_blocks(curves, overlapping, plan.objective, config) if finished else None
    others = [(about, name) for name, about in metrics.items() if name != identity]
    return Read(
        planned,
        row(identity, curves),
        config,
        metric,
        [
            {**key, "status": status, "identity": compared,
             "kid_error": standard_error(at, overlapping), **at}
            for at in curves
        ],
        [{**key, **values} for values in training],
        [{**who, "flag": flag.flag, "kimg": flag.kimg} for flag in flags],
        [{**who, **surroundings(e), "attempt": n} for n, e in enumerate(trial.environment(), 1)],
        [{**who, "iteration": int(path.stem), "path": str(path)} for path in trial.samples()],
        [
            {**who, "name": name, "path": str(path)}
            for name in layout.PICTURES
            if (path := trial.picture(name))
        ],
        [{**who, **near.to_json(), "sign": near.sign} for near in (trial.nearest(),) if near],
        trial.images(),
        scored,
        [(about, row(name, trial.evaluation_rows(name))) for about, name in others],
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
