"""Further metrics of a study, as its trials are scored by them."""

from collections.abc import Sequence
from typing import Any

from harness.config.further import in_words, knobs_of, scored_by, scoring_knobs
from harness.config.identity import metric_request
from harness.config.inputs.content import Contents
from harness.config.patch import Patch
from harness.config.study import StudyFile
from harness.config.trial import TrialConfig
from harness.core.errors import HarnessError

FOUND = ("evaluation.encoder_content", "plugins.")  # begin the knobs that follow from files


def further_metrics(
    file: StudyFile, configs: Sequence[TrialConfig], contents: Contents, changes: Patch
) -> tuple[dict[str, Any], ...]:
    """Knobs of the evaluation by each further metric; an error where a cell cannot be so scored.

    One that is the metric of the study or another one, in whatever words, is an error, or is left
    out where the one-off `changes` of a run may have made it so.
    """
    asked = {metric_request(configs[0]): "that of the study itself"}
    metrics = []
    for index, metric in enumerate(file.study.metrics):
        knobs = knobs_of(metric)
        where = file.document.where("metrics", index)
        try:
            filled = [contents.fill(scored_by(config, knobs)) for config in configs]
        except HarnessError as error:
            raise HarnessError(f"{where}: metrics: {error}") from None
        request, files = metric_request(filled[0]), scoring_knobs(filled[0])
        if request not in asked:
            asked[request] = f"the one of {where}"
            metrics.append({**knobs, **{k: v for k, v in files.items() if k.startswith(FOUND)}})
        elif not changes:
            raise HarnessError(
                f"{where}: metrics: this metric is {asked[request]} ({in_words(files)}); leave it "
                "out, or give another protocol or encoder"
            )
    return tuple(metrics)
