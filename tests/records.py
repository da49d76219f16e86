"""What a training leaves of a planned trial, written without one: for tests of whole plans."""

import json

from harness.config.identity import metric_request
from harness.config.patch import flatten
from harness.core.files import write_json
from harness.runs.plan import PlanRecord


def record(runtime, trial, kid, status="finished", evaluations=5):
    """Evaluations at `kid` after an untrained one at 0.9; a diverged trial has that one alone.

    `pruned`: a search gave it up after so many evaluations.
    """
    ended(runtime.trials / trial.key, trial.cell.trial(trial.seed), kid, status, evaluations)


def ended(folder, config, kid, status="finished", evaluations=5):
    """The same of a configuration, into a folder."""
    write_json(folder / "config.json", flatten(config))
    requests = [metric_request(config)]
    spec = {"identity": "m", "protocol": "subsets", "encoder": "classifier", "resolution": 16,
            "n": 64, "m": 64, "requests": requests}  # fmt: skip
    write_json(folder / "evaluations/m.json", spec)
    kids = [0.9] if status == "diverged" else [0.9, *[kid] * evaluations]
    rows = [
        {"evaluation": n, "kid": value, "iteration": n, "kimg": n, "seconds": 2.0 * n}
        for n, value in enumerate(kids)
    ]
    (folder / "evaluations/m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if status == "pruned":
        write_json(folder / "pruned.json", {"iteration": evaluations, "kimg": evaluations})
        return
    write_json(folder / "result.json", {"status": status, "message": "", "kimg": 5.0,
               "seconds": 10.0, "evaluation_seconds": 1.0, "flags": []})  # fmt: skip


def plan_of(contrasts, seeds, **values):
    """A plan of contrasts and seeds alone: for tests of tables that are made by hand."""
    names = dict.fromkeys(("run_name", "study", "title", "question"), "")
    cells = {"cells": [], "trials": [], "profile": None}
    return PlanRecord.model_validate(
        {**names, **cells, "contrasts": contrasts, "seeds": list(seeds), **values}
    )
