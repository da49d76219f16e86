"""What seems to matter in a search, by Optuna: the report itself asks no sampler."""

from harness.analysis.frame import load
from harness.analysis.search import outcomes
from harness.config.runtime import Runtime
from harness.core.files import write_json
from harness.execution.search.sampler import importances
from harness.runs import layout


def weigh(run_name: str, runtime: Runtime) -> None:
    """Write `importances.json` of a search beside its plan, from the record."""
    frames = load(run_name, runtime)
    if search := frames.plan.search:
        shares = importances(search, outcomes(frames, search))
        write_json(runtime.study(run_name) / layout.IMPORTANCES, shares)
