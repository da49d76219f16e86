"""Whether a trial that was queued has ended meanwhile."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.config.further import scorings
from harness.config.identity import metric_request
from harness.config.trial import TrialConfig
from harness.core.errors import Damaged
from harness.runs.status import Status
from harness.runs.trial import Trial


def answered(
    folder: Path, config: TrialConfig, metrics: Sequence[Mapping[str, Any]]
) -> Status | None:
    """How the trial ended, if it has and its scores are there, by the further `metrics`, too."""
    trial = Trial(folder)
    result = trial.result()
    if result is None:
        return None
    try:
        for asked in scorings(config, metrics):
            if not trial.scored(metric_request(asked), asked.schedule):
                return None
    except Damaged:
        return None  # the scores; a result that is damaged is an error
    return result.status
