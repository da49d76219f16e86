"""A row of the ledger, as it lies in a trial of Optuna."""

from optuna.trial import FrozenTrial, TrialState

from harness.queue.base import Row
from harness.queue.lease import Lease
from harness.runs.status import Status

STATUSES = {  # of a row that does not say how it ended
    TrialState.WAITING: Status.WAITING,
    TrialState.RUNNING: Status.RUNNING,
    TrialState.COMPLETE: Status.FINISHED,
    TrialState.FAIL: Status.CRASHED,
    TrialState.PRUNED: Status.CRASHED,
}


def row_of(trial: FrozenTrial) -> Row:
    """The row that the user attributes of a trial of ours hold."""
    attributes = trial.user_attrs
    # of one that runs it may have been written by a worker that was killed before it ended the row
    end = attributes.get("end", {}) if trial.state.is_finished() else {}
    began = trial.datetime_start.timestamp() if trial.datetime_start else None
    return Row(
        id=trial._trial_id,
        key=attributes["key"],
        cell=attributes["cell"],
        seed=attributes["seed"],
        order=attributes["order"],
        attempt=attributes["attempt"],
        status=Status(end["status"]) if end else STATUSES[trial.state],
        lease=Lease.read(attributes.get("lease")),
        message=end.get("message", ""),
        # an earlier version wrote neither
        advanced=end.get("reached", 0) > attributes.get("reached", 0),
        began=began,
        seconds=trial.duration.total_seconds() if trial.duration else None,
    )
