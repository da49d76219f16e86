"""Results of an ended trial for W&B's summary: the numbers of the report."""

import math
from typing import Any

from harness.analysis.objectives import value
from harness.analysis.values import number
from harness.runs.plan import PlanRecord
from harness.runs.trial import Trial


def summarise_scores(trial: Trial, request: str, plan: PlanRecord) -> dict[str, Any]:
    """Numbers of a trial in the metric that `request` asks for; KID as measured, lower is better.

    The objective that `plan` declares has its own name (`final`, `best`, ...), which `objective`
    tells; of a diverged trial it is the value of a failure. `kid_last` is the KID of the last
    evaluation, and `kid_best` the lowest of all. What is not finite is left out.
    """
    metric = trial.metric(request)
    rows = trial.evaluation_rows(metric) if metric else []
    if not rows:
        return {}
    kids = [number(row.kid) for row in rows]
    numbers = {
        plan.objective: value(plan, trial.status(), rows, trial.knobs()).value,
        "kid_last": kids[-1],
        "kid_best": min((kid for kid in kids if math.isfinite(kid)), default=math.nan),
    }
    finite = {name: float(score) for name, score in numbers.items() if math.isfinite(score)}
    return {"metric": metric, "objective": plan.objective, **finite}
