"""Further metrics of a study, as its trials are scored by them."""

from collections.abc import Sequence
from typing import Any

from harness.config.further import knobs_of, scored_by, scoring_knobs
from harness.config.identity import metric_request
from harness.config.inputs.content import Contents
from harness.config.study import StudyFile
from harness.config.trial import TrialConfig
from harness.core.errors import HarnessError

FOUND = ("evaluation.encoder_content", "plugins.")  # begin the knobs that follow from files


def further_metrics(
    file: StudyFile, configs: Sequence[TrialConfig], contents: Contents
) -> tuple[dict[str, Any], ...]:
    """Knobs of the evaluation by each further metric; an error where a cell cannot be so scored.

    One that is the metric of the study or another one, in other words, is left out.
    """
    asked = {metric_request(configs[0])}
    metrics = []
    for index, metric in enumerate(file.study.metrics):
        knobs = knobs_of(metric)
        try:
            filled = [contents.fill(scored_by(config, knobs)) for config in configs]
        except HarnessError as error:
            raise HarnessError(f"{file.document.where('metrics', index)}: {error}") from None
        if (request := metric_request(filled[0])) not in asked:
            asked.add(request)
            files = scoring_knobs(filled[0]).items()
            metrics.append({**knobs, **{k: v for k, v in files if k.startswith(FOUND)}})
    return tuple(metrics)
