"""How a trial stands: the one vocabulary for it. `Trial.status` finds it out.

The values are those that are written in records and ledgers.
"""

from enum import StrEnum


class Status(StrEnum):
    """How a trial stands, or how one attempt at it ended."""

    FINISHED = "finished"  # trained to its end
    DIVERGED = "diverged"  # ended by itself, as a loss or a weight was not finite: a result, too
    PRUNED = "pruned"  # given up by a search; other studies train it on
    CRASHED = "crashed"  # its last attempt ended by an error
    DAMAGED = "damaged"  # files that would say so cannot be read, or are not what was written
    RUNNING = "running"  # a worker holds it
    WAITING = "waiting"  # in the queue
    BEGUN = "begun"  # neither of these, and there is something to continue from
    MISSING = "missing"  # there is nothing of it

    # of attempts alone
    STOPPED = "stopped"  # asked to stop: goes back into the queue and costs no attempt
    LOST = "lost"  # its worker died: tried again until the limit, and again in the next run

    @property
    def ended(self) -> bool:
        """Whether there is a result, which no further attempt changes."""
        return self in (Status.FINISHED, Status.DIVERGED)


IN_RECORD = (  # how a trial can stand by its folder alone
    Status.FINISHED,
    Status.DIVERGED,
    Status.CRASHED,
    Status.PRUNED,
    Status.DAMAGED,
    Status.BEGUN,
    Status.MISSING,
)
