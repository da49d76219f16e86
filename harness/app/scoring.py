"""Use case: trained generators by another metric, next to that of their training."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.app.studies import name, plan, report
from harness.config.further import in_words, scoring_knobs
from harness.config.identity import metric_request
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.plan.expand import Plan
from harness.runs import layout
from harness.runs.plan import read_plan
from harness.runs.trial import Trial as Record


def evaluate(study: str, metric: Mapping[str, Any], runtime: Runtime, profile: str | None) -> Plan:
    """The plan that scores the finished trials of a study with another metric.

    The metric of the study itself is an error, since trials have their scores by it.
    """
    scored, _ = plan(study, runtime, profile, metric)
    trained_as, _ = plan(study, runtime, profile, _training(metric))
    if _requests(scored) == _requests(trained_as):
        words = in_words(scoring_knobs(scored.cells[0].config))
        raise HarnessError(
            f"{study}: this is the metric of the study itself ({words}): its scores are in the "
            "report; give another one by --metric, --encoder or --resolution"
        )
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


def _requests(planned: Plan) -> list[str]:
    return [metric_request(cell.config) for cell in planned.cells]


def _training(metric: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among these that change the training, and not only its scores."""
    return {path: metric[path] for path in metric if not path.startswith("evaluation.")}
