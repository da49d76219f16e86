"""Snapshots for the live view, from the ledger and the progress of the trials."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from harness.config.runtime import Runtime
from harness.core.errors import Damaged
from harness.execution.view.progress import (
    Snapshot,
    Timing,
    TrialEnd,
    TrialProgress,
    Waiting,
)
from harness.plan.forecast import speed_name
from harness.plan.naming import cell_names
from harness.queue.base import ENDED, Job, Row
from harness.queue.lease import node_of
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs import layout
from harness.runs.flags import trial_flags
from harness.runs.outcomes import COLLAPSED
from harness.runs.plan import PlanRecord, read_plan
from harness.runs.rows import Result
from harness.runs.status import Status
from harness.runs.trial import Trial

_SHOWN = (*ENDED, Status.CRASHED, Status.LOST)
RECENT = 32  # trials that ended before, whose times are read
CLOCK = 2.0  # seconds by which the clock of a node may be behind, and which a record rounds off


class Poll:
    """The state of one run, seen from its driver. Rows that were there at the start are history."""

    def __init__(
        self, plan: PlanRecord, jobs: Sequence[Job], ledger: OptunaLedger, runtime: Runtime
    ) -> None:
        self._name = plan.run_name
        self._plan = layout.plan_file(self._name, runtime)
        self._trials = runtime.trials
        self._ledger = ledger
        closed = [row for row in ledger.rows() if not row.open]
        self._noted = {row.id for row in closed}
        self._earlier = [row for row in closed if row.status is Status.FINISHED][-RECENT:]
        self._timings: dict[int, Timing | None] = {}
        self._grows = plan.stages.grows
        # of the rows that have ended since, each of which is looked at once: there may be many
        self._ended: list[TrialEnd] = []
        self._done: set[str] = set()
        self._diverged: set[str] = set()
        self._failed: set[str] = set()
        self.expect(plan, jobs)

    def expect(self, plan: PlanRecord, jobs: Sequence[Job]) -> None:
        """Show this plan from now on; `jobs`: its missing trials."""
        self._learn(plan)
        self._done_before = set(self._due) - {job.key for job in jobs} - self._done
        self._shown_before = sum(self._due[key].kimg for key in self._done_before)

    def _learn(self, plan: PlanRecord) -> None:
        cells = {
            cell.label: Waiting(
                cell.label, float(cell.config["training.kimg"]), speed_name(cell.config)
            )
            for cell in plan.cells
        }
        self._due = {trial.key: cells[trial.cell] for trial in plan.trials}
        self._names = cell_names(plan)
        self._requests = {cell.label: cell.request for cell in plan.cells}
        self._standing = plan.stages.standing
        # what is yet to be suggested is taken to be as long as the first cell, the reference
        self._further = (next(iter(cells.values())),) * plan.stages.left

    def snapshot(self) -> Snapshot:
        """How things stand now."""
        if self._grows and (plan := read_plan(self._plan)):
            self._learn(plan)
        still = []
        for row in self._ledger.rows():
            # rows of an earlier state of the study file are none of this plan's
            if row.id in self._noted or row.key not in self._due:
                continue
            if row.open:
                still.append(row)
            else:
                self._note(row)
        active = tuple(self._progress(row) for row in still if row.status is Status.RUNNING)
        given_up = self._failed - self._done - {row.key for row in still}
        shown = self._shown_before + sum(self._due[key].kimg for key in self._done)
        shown += sum(trial.kimg for trial in active)
        over = self._done_before | self._done | given_up | {trial.key for trial in active}
        waiting = tuple(due for key, due in self._due.items() if key not in over)
        every = (*self._due.values(), *self._further)
        return Snapshot(
            run_name=self._name,
            total=len(every),
            done=len(self._done_before) + len(self._done),
            crashed=len(given_up),
            images=shown * 1000,
            images_total=sum(due.kimg for due in every) * 1000,
            active=active,
            waiting=(*waiting, *self._further),
            ended=tuple(self._ended),
            earlier=tuple(self._before([row for row in still if row.status is Status.RUNNING])),
            standing=self._standing,
            diverged=len(self._diverged),
        )

    def _note(self, row: Row) -> None:
        """Take account of an attempt that has ended."""
        self._noted.add(row.id)
        if row.status in _SHOWN:
            self._ended.append(self._end(row))
        (self._done if row.done else self._failed).add(row.key)
        if row.status is Status.DIVERGED:
            self._diverged.add(row.key)

    def _before(self, running: Sequence[Row]) -> Iterator[Timing]:
        """Of trials that ended before, those of the processes that train now.

        Others may have been of another machine, or of another number of workers.
        """
        processes = {row.lease.process for row in running if row.lease}
        for row in self._earlier:
            if row.lease and row.lease.process in processes and row.key in self._due:
                if row.id not in self._timings:
                    self._timings[row.id] = self._read_timing(row)
                if timing := self._timings[row.id]:
                    yield timing

    def _read_timing(self, row: Row) -> Timing | None:
        with suppress(Damaged):
            return self._timed(row, Trial(self._trials / row.key).result())
        return None

    def _timed(self, row: Row, result: Result | None) -> Timing | None:
        """How long an attempt took, if it trained all of a trial: an earlier one may have begun."""
        if result is None or row.seconds is None or row.began is None:
            return None
        ended = _moment(result.finished_at)
        if result.seconds is None or result.kimg is None or ended is None:
            return None  # of an earlier version
        working = result.seconds + (result.evaluation_seconds or 0.0)
        if working > row.seconds or ended < row.began - CLOCK:
            return None  # another attempt began it, or this one only scored it
        due = self._due[row.key]
        return Timing(
            row.key, row.attempt, row.cell, due.program, result.kimg, working, row.seconds
        )

    def _progress(self, row: Row) -> TrialProgress:
        progress = Trial(self._trials / row.key).progress()
        return TrialProgress(
            key=row.key,
            cell=row.cell,
            name=self._names[row.cell],
            seed=row.seed,
            phase=progress.phase,
            kimg=progress.kimg,
            kimg_total=self._due[row.key].kimg,
            program=self._due[row.key].program,
            kid=progress.kid,
            images_per_second=progress.images_per_second,
            attempt=row.attempt,
            node=node_of(row.lease),
            row=row.id,
        )

    def _end(self, row: Row) -> TrialEnd:
        trial = Trial(self._trials / row.key)
        result = trial.result()
        metric = trial.metric(self._requests[row.cell])
        rows = trial.evaluation_rows(metric) if metric else []
        flags = [flag.flag for flag in trial_flags(trial, metric)]
        return TrialEnd(
            key=row.key,
            cell=row.cell,
            name=self._names[row.cell],
            seed=row.seed,
            status=str(row.status),
            kid=rows[-1].kid if rows else None,
            seconds=result.seconds if result else None,
            message=COLLAPSED if COLLAPSED in flags else row.message,
            attempt=row.attempt,
            timing=self._timed(row, result) if row.status is Status.FINISHED else None,
        )


def _moment(at: str) -> float | None:
    """A time of a record in seconds since the epoch; None where it has none."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return None
