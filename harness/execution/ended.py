"""Whether a trial that was queued has ended meanwhile."""

from pathlib import Path

from harness.config.identity import metric_request
from harness.config.trial import TrialConfig
from harness.core.errors import Damaged
from harness.runs.status import Status
from harness.runs.trial import Trial


def answered(folder: Path, config: TrialConfig) -> Status | None:
    """How the trial ended, if it has and its scores are there."""
    trial = Trial(folder)
    result = trial.result()
    if result is None:
        return None
    try:
        if not trial.scored(metric_request(config), config.schedule):
            return None
    except Damaged:
        return None  # the scores; a result that is damaged is an error
    return result.status
