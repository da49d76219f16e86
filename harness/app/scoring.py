"""Use case: trained generators by another metric, next to that of their training."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.app.studies import name, plan, report
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.plan.expand import Plan
from harness.runs import layout
from harness.runs.plan import read_plan
from harness.runs.trial import Trial as Record


def evaluate(study: str, metric: Mapping[str, Any], runtime: Runtime, profile: str | None) -> Plan:
    """The plan that scores the finished trials of a study with another metric."""
    scored, _ = plan(study, runtime, profile, metric)
    trained_as, _ = plan(study, runtime, profile, _training(metric))
    scored = scored.stages.like(scored, trained_as, runtime.cache)
    trained = tuple(
        trial for trial in scored.trials if Record(runtime.trials / trial.key).result() is not None
    )
    if not trained:
        raise HarnessError(
            f"{study}: no trial has been trained yet; train them with: "
            f"{trained_as.record().command('run')}"
        )
    return replace(scored, trials=trained, metrics=())


def compared(
    study: str, metric: Mapping[str, Any], runtime: Runtime, profile: str | None
) -> Path | None:
    """The report of the run that trained the trials, rendered again with both metrics.

    None where these were trained for another run, or have been scored by one metric alone: that
    of the study, asked for in other words.
    """
    run_name = name(study, runtime, profile, _training(metric))
    record = read_plan(layout.plan_file(run_name, runtime))
    if record is None or not any(_several(key, runtime) for key in record.keys):
        return None
    return report(run_name, runtime).path


def _several(key: str, runtime: Runtime) -> bool:
    return len(list(Record(runtime.trials / key).metrics())) > 1


def _training(metric: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among these that change the training, and not only its scores."""
    return {path: metric[path] for path in metric if not path.startswith("evaluation.")}
