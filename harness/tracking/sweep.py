"""A study as a sweep of W&B: the server chooses cell and seed, `harness agent` runs the trial."""

import json
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from harness.design.expand import Plan

METRIC = {"name": "kid_final", "goal": "minimize"}  # of a run's summary


def sweep(plan: Plan, study: str, project: str) -> dict[str, Any]:
    """The sweep of a plan; `study` is what the command line calls the study."""
    return {
        "name": plan.run_name,
        "description": plan.file.study.title,
        "project": project,
        "program": "harness",
        "command": ["${env}", "${program}", "agent", study, *_options(plan), "${args}"],
        "metric": METRIC,
        **_space(plan),
    }


def _space(plan: Plan) -> dict[str, Any]:
    """Method and parameters: every trial of the plan once."""
    parameters = {
        "cell": {"values": [cell.label for cell in plan.cells]},
        "seed": {"values": sorted({trial.seed for trial in plan.trials})},
    }
    return {"method": "grid", "parameters": parameters}


def _options(plan: Plan) -> list[str]:
    """What names the same run on the command line."""
    profile = [f"--profile={plan.profile}"] if plan.profile else []
    return [*profile, *(f"--set={path}={json.dumps(v)}" for path, v in plan.changes.items())]


def to_yaml(document: dict[str, Any]) -> str:
    """The sweep as a file, in the YAML 1.1 that W&B reads."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    file = StringIO()
    yaml.dump(document, file)
    return file.getvalue()
