"""A study as a sweep of W&B: the server chooses cell and seed, `harness agent` runs the trial."""

from collections.abc import Mapping
from typing import Any

from harness.config.load import dump
from harness.core.errors import HarnessError
from harness.plan.expand import Plan
from harness.plan.stages import Searched
from harness.runs.stages import Search


def study_sweep(plan: Plan, study: str, project: str) -> dict[str, Any]:
    """The sweep of a plan; `study` is what the command line calls the study."""
    record = plan.record()
    return {
        "name": plan.run_name,
        "description": plan.file.study.title,
        "project": project,
        "program": "harness",
        "command": [
            "${env}",
            "${program}",
            "agent",
            study,
            *map("=".join, record.options),
            "${args}",
        ],
        "metric": {"name": record.objective, "goal": "minimize"},  # of a run's summary
        **_space(plan),
    }


def _space(plan: Plan) -> dict[str, Any]:
    """Method and parameters: every trial of the plan once or, of a search, its ranges."""
    stages = plan.stages
    if stages.undecided(plan) or stages.choosing or plan.looks:
        kind, source = ("with looks", "its looks") if plan.looks else (
            "that tunes", "others")  # fmt: skip
        raise HarnessError(
            f"{plan.run_name}: a study {kind} is no sweep: its trials follow from {source}"
        )
    if isinstance(stages, Searched):  # W&B suggests by itself, from the same ranges
        return _ranges(stages.search, plan.run_name)
    parameters = {
        "cell": {"values": [cell.label for cell in plan.cells]},
        "seed": {"values": plan.seeds},
    }
    return {"method": "grid", "parameters": parameters}


def _ranges(search: Search, name: str) -> dict[str, Any]:
    if search.factors:
        raise HarnessError(
            f"{name}: a sweep sets knobs, and {next(iter(search.factors))} is no knob: put its "
            "knobs into the space as choices"
        )
    parameters = {knob: _dimension(span) for knob, span in search.space.items()}
    method = "bayes" if search.sampler == "tpe" else "random"
    return {"method": method, "run_cap": search.trials, "parameters": parameters}


def _dimension(span: Mapping[str, Any]) -> dict[str, Any]:
    """A range or choices in W&B's words; steps are listed, so that whole numbers stay whole."""
    if "choices" in span:
        return {"values": list(span["choices"])}
    low, high, step = span["low"], span["high"], span["step"]
    if step:
        return {"values": [low + number * step for number in range(int((high - low) / step) + 1)]}
    law = "int_uniform" if span["whole"] else "uniform"
    return {"distribution": "log_uniform_values" if span["log"] else law, "min": low, "max": high}


def to_yaml(document: dict[str, Any]) -> str:
    """The sweep as a file, in the YAML 1.1 that W&B reads."""
    return dump(document, version=(1, 1))
