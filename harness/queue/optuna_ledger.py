"""The ledger over an Optuna storage, a journal file that the processes of one machine share.

The storage's own compare-and-set (waiting → running) is the queue. `Study.ask` is not used: on an
empty queue it lets a sampler invent a trial. So no sampler and no pruner exist here, and a row
that another tool put into the study carries no key and is hidden.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import optuna
from optuna.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from optuna.storages import BaseStorage, JournalStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from harness.core.files import alone
from harness.core.redact import redacted
from harness.queue.base import ENDED, Claim, Job, Row, attempt_after, next_attempt
from harness.queue.journal import JOURNAL, UNREADABLE, Kept, damaged, open_journal
from harness.queue.lease import Lease, node_of
from harness.queue.rows import row_of
from harness.queue.waiting import Waiting
from harness.runs.status import Status
from harness.runs.trial import Trial

_BATCH = 100  # trials written in one piece; others wait some 20 ms for it
_UNLEASED = 60.0  # seconds that a running row may lack its lease, which is written after the claim
T = TypeVar("T")


class OptunaLedger:
    """One Optuna study per run name; a row's identity lies in its user attributes."""

    def __init__(
        self,
        storage: BaseStorage,
        run_name: str,
        lock: Path | None = None,
        reached: Callable[[str], int] = lambda key: 0,
    ) -> None:
        """`lock`: a file that keeps two processes from queueing the same trial at once.

        `reached`: the iteration of the checkpoint that the record has of a trial.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._storage = storage
        self._lock = lock
        self._reached = reached
        # what is written inside it costs one lock and fsync
        self._together: Callable[[], AbstractContextManager[None]] = getattr(
            storage, "together", nullcontext
        )
        self._made: dict[int, tuple[FrozenTrial, Row]] = {}
        self._study = _study_id(storage, run_name)
        self._waiting = Waiting(storage.get_trial)
        self._is_alone = False

    @classmethod
    def open(cls, run_name: str, folder: Path, trials: Path) -> "OptunaLedger":
        """Open or create the ledger of a run, a journal in its `folder`; `trials`: the record."""
        journal = open_journal(folder)
        try:
            lock = folder / "enqueue.lock"
            ledger = cls(journal, run_name, lock, lambda key: Trial(trials / key).reached())
            ledger.rows()
        except UNREADABLE:  # lines that Optuna takes, and that are no trials of ours
            raise damaged(folder / JOURNAL) from None
        return ledger

    def enqueue(self, jobs: Sequence[Job], retry_crashed: bool = False) -> int:
        """Queue the trials that are not waiting, running or given up; return their number."""
        with self._alone():
            last = self._last_rows()
            return sum(self._queue(batch, last, retry_crashed) for batch in _batches(jobs))

    def _queue(self, jobs: Sequence[Job], last: dict[str, Row], retry_crashed: bool) -> int:
        count = 0
        with self._together():
            for job in jobs:
                attempt = next_attempt(last.get(job.key), retry_crashed)
                if attempt is not None:
                    last[job.key] = self._add(job, attempt)
                    count += 1
        return count

    def withdraw(self, keep: Collection[str]) -> int:
        """End the waiting trials whose key is not in `keep`, since the study was edited.

        This does not use up an attempt. Returns their number.
        """
        with self._alone():
            stale = [
                trial
                for trial in self._trials(TrialState.WAITING)
                if trial.user_attrs.get("key") not in keep
            ]
            count = 0
            for batch in _batches(stale):
                with self._together():
                    count += sum(self._end(t, Status.STOPPED, "withdrawn") for t in batch)
        return count

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make many claims and ends durable at once, when the block ends."""
        # in this order, as everywhere: a process that queues trials waits for the journal, too
        with self._alone(), self._together():
            self._is_alone = True
            try:
                yield
            finally:
                self._is_alone = False

    def claim(self, worker: str, prefers: Callable[[str], bool] | None = None) -> Claim | None:
        """Take the next waiting trial, or a close one that `prefers`; see `Ledger.claim`."""
        with self._together():
            while (trial := self._next(prefers)) is not None:
                if self._take(trial, worker):
                    row = row_of(trial)
                    return Claim(row.id, row.key, row.cell, row.seed, row.order, row.attempt)
        return None

    def _next(self, prefers: Callable[[str], bool] | None) -> FrozenTrial | None:
        if not self._waiting.known:
            self._waiting.add(self._trials())
        with suppress(KeyError):  # there is none of that number
            while True:
                self._waiting.add([self._numbered(self._waiting.known)])
        return self._waiting.first(prefers)

    def _numbered(self, number: int) -> FrozenTrial:
        storage = self._storage
        return storage.get_trial(
            storage.get_trial_id_from_study_id_trial_number(self._study, number)
        )

    def _take(self, trial: FrozenTrial, worker: str) -> bool:
        """Whether `trial` now belongs to this worker; rows of other tools are ended."""
        try:
            if not self._storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING):
                return False  # another worker was faster
            if "key" not in trial.user_attrs:
                self._end_stray(trial)
                return False
            lease = Lease.mine(worker)._asdict()
            self._storage.set_trial_user_attr(trial._trial_id, "lease", lease)
        except UpdateFinishedTrialError:
            return False
        return True

    def finish(self, claim: Claim, status: str, message: str = "") -> bool:
        """Report how a claim ended; False if it was taken away meanwhile (keep the record)."""
        ended = Status(status)
        with self._alone(), self._together():
            if not self._end(self._storage.get_trial(claim.id), ended, message):
                return False
            if ended not in ENDED:
                self._again(claim.id)
        return True

    def release_stale(self, is_alive: Callable[[Row], bool]) -> list[Row]:
        """Fail running rows whose worker is dead, queue them again, and return them."""
        released = []
        with self._alone():
            for trial in self._trials(TrialState.RUNNING):
                if "key" not in trial.user_attrs:
                    self._end_stray(trial)
                    continue
                row = row_of(trial)
                alive = is_alive(row) if row.lease else _just_claimed(trial)
                if alive or not self._end(trial, Status.LOST, _who_died(row)):
                    continue
                self._again(row.id)
                released.append(row_of(self._storage.get_trial(row.id)))
        return released

    def rows(self) -> list[Row]:
        """Every attempt, in the order of queueing."""
        return [self._row(trial) for trial in self._trials() if "key" in trial.user_attrs]

    def _row(self, trial: FrozenTrial) -> Row:
        """The row of a trial, cached until the storage returns a new object for it."""
        known = self._made.get(trial._trial_id)
        if known is None or known[0] is not trial:
            known = self._made[trial._trial_id] = trial, row_of(trial)
        return known[1]

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return list(
            self._storage.get_all_trials(self._study, deepcopy=False, states=states or None)
        )

    def _last_rows(self) -> dict[str, Row]:
        """Key → the row that determines the next step: an open one, else the latest."""
        last: dict[str, Row] = {}
        for row in self.rows():
            known = last.get(row.key)
            if known is None or not known.open:
                last[row.key] = row
        return last

    def _add(self, job: Job, attempt: int) -> Row:
        reached = self._reached(job.key)
        attributes = {**job._asdict(), "attempt": attempt, "reached": reached}
        template = create_trial(state=TrialState.WAITING, user_attrs=attributes)
        number = self._storage.create_new_trial(self._study, template)
        return Row(number, *job, attempt, Status.WAITING, None, "")

    def _end(self, trial: FrozenTrial, status: Status, message: str) -> bool:
        state = TrialState.COMPLETE if status in ENDED else TrialState.FAIL
        end: dict[str, Any] = {"status": status.value, "message": redacted(message)}
        if status is Status.LOST:
            end["reached"] = self._reached(trial.user_attrs["key"])
        try:
            self._storage.set_trial_user_attr(trial._trial_id, "end", end)
            return bool(self._storage.set_trial_state_values(trial._trial_id, state))
        except UpdateFinishedTrialError:
            return False  # released as stale and perhaps running elsewhere: not ours any more

    def _again(self, number: int) -> None:
        """Queue a trial that has just failed again, if it has an attempt left in this run."""
        row = row_of(self._storage.get_trial(number))
        if (attempt := attempt_after(row)) is not None:
            self._add(Job(row.key, row.cell, row.seed, row.order), attempt)

    def _end_stray(self, trial: FrozenTrial) -> None:
        try:
            self._storage.set_trial_user_attr(trial._trial_id, "stray", True)
            self._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
        except UpdateFinishedTrialError:
            return  # whoever invented it ended it, too

    def _alone(self) -> AbstractContextManager[None]:
        """Only one process of this folder at a time reads the queue and adds to it."""
        return nullcontext() if self._lock is None or self._is_alone else alone(self._lock)


def look(folder: Path, run_name: str) -> list[Row]:
    """Every attempt in the journal of a run on disk, read-only.

    Raises one of UNREADABLE if it is damaged.
    """
    storage = JournalStorage(Kept(folder / JOURNAL))
    try:
        study = storage.get_study_id_from_name(run_name)
    except KeyError:
        return []
    return [row_of(trial) for trial in storage.get_all_trials(study) if "key" in trial.user_attrs]


def _study_id(storage: BaseStorage, run_name: str) -> int:
    try:
        return int(storage.get_study_id_from_name(run_name))
    except KeyError:
        pass
    try:
        return int(storage.create_new_study([StudyDirection.MINIMIZE], run_name))
    except DuplicatedStudyError:  # another worker created it in between
        return int(storage.get_study_id_from_name(run_name))


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def _just_claimed(trial: FrozenTrial) -> bool:
    started: datetime | None = trial.datetime_start
    return started is not None and abs(time.time() - started.timestamp()) < _UNLEASED


def _who_died(row: Row) -> str:
    if row.lease is None:
        return "the worker ended while it took the trial"
    process = f"process {row.lease.pid} on {row.lease.host}"
    if node_of(row.lease):  # on a cluster the driver claims for its workers, and they end with it
        return f"the driver ({process}) ended while worker {row.lease.worker} trained"
    return f"worker {row.lease.worker} ({process}) ended"
