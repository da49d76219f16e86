"""Importances of hyper-parameters in a search, by Optuna; the report itself needs no sampler."""

from harness.config.runtime import Runtime
from harness.core.files import write_json
from harness.runs import layout
from harness.runs.plan import PlanRecord


def weigh(plan: PlanRecord, runtime: Runtime) -> None:
    """Write `importances.json` of a search to the folder of its run; for other plans nothing."""
    if plan.search is None:
        return
    from harness.analysis.frame import load
    from harness.analysis.search import outcomes
    from harness.execution.search.sampler import importances

    shares = importances(plan.search, outcomes(load(plan.run_name, runtime), plan.search))
    write_json(runtime.study(plan.run_name) / layout.IMPORTANCES, shares)
