"""What seems to matter in a search, by Optuna: the report itself asks no sampler."""

from harness.analysis.frame import load
from harness.analysis.search import outcomes
from harness.config.runtime import Runtime
from harness.core.files import write_json
from harness.execution.search.sampler import importances
from harness.runs import layout
from harness.runs.stages import Search


def weigh(run_name: str, runtime: Runtime) -> None:
    """Write `importances.json` of a search beside its plan, from the record."""
    frames = load(run_name, runtime)
    found = importances(Search.from_json(frames.plan["search"]), outcomes(frames))
    write_json(runtime.study(run_name) / layout.IMPORTANCES, found)
