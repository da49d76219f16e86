"""The interface of a ledger: a queue of trials shared by processes, with a limit of attempts."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from harness.queue.lease import Lease
from harness.runs.status import Status

LIMIT = 3  # attempts at one trial, the first included


ENDED = (Status.FINISHED, Status.DIVERGED, Status.PRUNED)  # not tried again


class Job(NamedTuple):
    """A trial to be queued."""

    key: str
    cell: str
    seed: int
    order: int  # place in the plan; lower ones are claimed first


class Claim(NamedTuple):
    """An attempt that a worker has taken from the queue."""

    id: int  # of the attempt, in the storage
    key: str
    cell: str
    seed: int
    order: int
    attempt: int  # 1 ... LIMIT


class Row(NamedTuple):
    """One attempt at a trial in the ledger; the last row of a key is its current state."""

    id: int
    key: str
    cell: str
    seed: int
    order: int
    attempt: int
    status: Status  # waiting, running, or how it ended
    lease: Lease | None
    message: str
    advanced: bool = False  # its checkpoint is later than that of the attempts before
    began: float | None = None  # when it was claimed, in seconds since the epoch; None: it waits
    seconds: float | None = None  # from then to its end; None: it has not ended

    @property
    def open(self) -> bool:
        """Whether it waits or runs."""
        return self.status in (Status.WAITING, Status.RUNNING)

    @property
    def done(self) -> bool:
        """Whether it has ended, and no further attempt is needed."""
        return self.status in ENDED

    @property
    def counts(self) -> bool:
        """Whether it has used up one of the attempts of its trial; the only place that says so.

        A stop does not, nor does the death of a worker or node that had brought the trial further:
        where nodes die often, a long training would never come to its end. The number of such
        deaths is bounded, since each needs a later checkpoint.
        """
        if self.status is Status.LOST:
            return not self.advanced
        return self.status is not Status.STOPPED


class Ledger(Protocol):
    """The queue of one run of a study."""

    def enqueue(self, jobs: Sequence[Job], retry_crashed: bool = False) -> int:
        """Queue the trials that are not waiting, running or given up; return their number."""

    def withdraw(self, keep: Collection[str]) -> int:
        """End the waiting trials whose key is not in `keep`; return their number."""

    def claim(self, worker: str, prefers: Callable[[str], bool] | None = None) -> Claim | None:
        """Take the next waiting trial; None when none waits.

        Next is the one with the fewest attempts and, of those, the first of the plan. `prefers`
        says of a cell whether the worker has it ready (compiled): a trial of such a cell, with as
        few attempts, goes before others if its seed is that of the next one or the seed after it.
        So the seeds that were begun are at most one ahead of the first that waits, and what ends
        early is still a balanced part of the plan. The seeds of the queue, ended ones included,
        follow each other in the order of the plan.
        """

    def together(self) -> AbstractContextManager[None]:
        """Make many claims and ends durable at once, when the block ends."""

    def finish(self, claim: Claim, status: str, message: str = "") -> bool:
        """Report how a claim ended; False if it was taken away meanwhile (keep the record).

        Of one that was lost, the checkpoint in the record is compared with that when the attempt
        was queued (`Row.counts`).
        """

    def release_stale(self, is_alive: Callable[[Row], bool]) -> list[Row]:
        """Fail running rows whose worker is dead, queue them again, and return them."""

    def rows(self) -> list[Row]:
        """Every attempt, in the order of queueing."""


def attempt_after(last: Row) -> int | None:
    """The number of a further attempt in the same run; None: they are used up."""
    attempt = last.attempt + last.counts
    return attempt if attempt <= LIMIT else None


def next_attempt(last: Row | None, retry_crashed: bool = False) -> int | None:
    """The number of the next attempt after a key's `last` row; None: no attempt is left."""
    if last is None or last.done:
        return 1
    if last.open:
        return None
    if (attempt := attempt_after(last)) is not None:
        return attempt
    return 1 if last.status is Status.LOST or retry_crashed else None
