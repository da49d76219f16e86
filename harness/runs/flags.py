"""The flags of a trial by one of the metrics that it was scored by."""

from fractions import Fraction

from harness.config.catalog import PROTOCOLS
from harness.core.errors import HarnessError
from harness.runs.rows import Flag
from harness.runs.trial import Trial


def trial_flags(trial: Trial, identity: str | None) -> list[Flag]:
    """All that its training raised, and all that the metric shows; none before it has a result.

    The result holds those of the metric of the training. Of another one they follow from its rows:
    a page by that metric may not call a generator sound that has collapsed.
    """
    result = trial.result()
    if result is None:
        return []
    flags = result.flags_of(identity)
    if identity is None or not _further(trial, identity):
        return flags
    from harness.config.patch import schedule
    from harness.metrics.health import score_flags  # with NumPy, which few readers need

    protocol = trial.metrics()[identity].protocol
    overlapping = protocol in PROTOCOLS and PROTOCOLS[protocol].overlapping
    early = schedule(trial.knobs()).last_by(Fraction(1, 2))
    rows = trial.evaluation_rows(identity)
    if any(row.get("coverage") is None for row in rows[1:]):  # nothing tells of collapse
        return flags
    raised = score_flags(rows, overlapping, identity, early)
    return [*flags, *map(Flag.model_validate, raised)]


def _further(trial: Trial, identity: str) -> bool:
    """Whether it is not the metric of the training; where there is one alone, it is."""
    if len(trial.identities()) < 2:
        return False
    from harness.config.identity import metric_request

    try:
        asked = trial.metric(metric_request(trial.config()))
    except HarnessError:  # a plug-in of it is gone, and which metric it asked for is not known
        return False
    return asked not in (None, identity)
