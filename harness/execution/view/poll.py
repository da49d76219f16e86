"""What the view is shown: read from the ledger and the trials' own heartbeats."""

from collections.abc import Sequence
from typing import Any

from harness.config.runtime import Runtime
from harness.execution.view.progress import Snapshot, TrialEnd, TrialProgress
from harness.queue.base import ENDED, Job, Row, State
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs import layout
from harness.runs.outcomes import COLLAPSED
from harness.runs.stages import Search
from harness.runs.status import Status
from harness.runs.trial import DIVERGED, Trial, read_plan

_SHOWN = (*ENDED, Status.CRASHED, Status.LOST)


class Poll:
    """The state of one run, seen from its driver. Rows that were there at the start are history."""

    def __init__(
        self, plan: dict[str, Any], jobs: Sequence[Job], ledger: OptunaLedger, runtime: Runtime
    ) -> None:
        self._name = plan["run_name"]
        self._plan = runtime.study(self._name) / layout.PLAN
        self._trials = runtime.trials
        self._ledger = ledger
        ended = (State.COMPLETE, State.FAILED)
        self._before = {row.id for row in ledger.rows() if row.state in ended}
        self._grows = "search" in plan
        self._learn(plan)
        asked = {job.key for job in jobs}
        self._done_before = len(self._kimg) - len(asked)
        self._shown_before = sum(kimg for key, kimg in self._kimg.items() if key not in asked)
        self._ended: dict[int, TrialEnd] = {}

    def _learn(self, plan: dict[str, Any]) -> None:
        kimg = {cell["label"]: cell["config"]["training.kimg"] for cell in plan["cells"]}
        self._kimg = {trial["key"]: kimg[trial["cell"]] for trial in plan["trials"]}
        self._requests = {cell["label"]: cell["request"] for cell in plan["cells"]}
        left = Search.from_json(plan["search"]).left if self._grows else 0
        self._total = len(self._kimg) + left
        # what is yet to be suggested is taken to be as long as the first cell, the reference
        self._shown_total = sum(self._kimg.values()) + left * next(iter(kimg.values()))

    def snapshot(self) -> Snapshot:
        """How things stand now."""
        if self._grows:
            self._learn(read_plan(self._plan) or {})
        rows: dict[State, list[Row]] = {state: [] for state in State}
        for row in self._ledger.rows():
            # rows of an earlier state of the study file are none of this plan's
            if row.id not in self._before and row.key in self._kimg:
                rows[row.state].append(row)
        for row in sorted(rows[State.COMPLETE] + rows[State.FAILED], key=lambda row: row.id):
            if row.status in _SHOWN and row.id not in self._ended:
                self._ended[row.id] = self._end(row)
        active = tuple(self._progress(row) for row in rows[State.RUNNING])
        done = {row.key for row in rows[State.COMPLETE]}
        given_up = {row.key for row in rows[State.FAILED]} - done
        given_up -= {row.key for row in rows[State.WAITING] + rows[State.RUNNING]}
        shown = self._shown_before
        shown += sum(self._kimg[key] for key in done) + sum(trial.kimg for trial in active)
        return Snapshot(
            run_name=self._name,
            total=self._total,
            done=self._done_before + len(done),
            crashed=len(given_up),
            images=shown * 1000,
            images_total=self._shown_total * 1000,
            active=active,
            ended=tuple(self._ended.values()),
            diverged=len({row.key for row in rows[State.COMPLETE] if row.status is DIVERGED}),
        )

    def _progress(self, row: Row) -> TrialProgress:
        beat = Trial(self._trials / row.key).progress()
        return TrialProgress(
            key=row.key,
            cell=row.cell,
            seed=row.seed,
            phase=beat.phase,
            kimg=beat.kimg,
            kimg_total=self._kimg[row.key],
            kid=beat.kid,
            images_per_second=beat.images_per_second,
            attempt=row.attempt,
        )

    def _end(self, row: Row) -> TrialEnd:
        trial = Trial(self._trials / row.key)
        result = trial.result()
        metric = trial.metric(self._requests[row.cell])
        rows = trial.evaluation_rows(metric) if metric else []
        flags = [flag.flag for flag in result.flags_of(metric)] if result else []
        return TrialEnd(
            key=row.key,
            cell=row.cell,
            seed=row.seed,
            status=str(row.status),
            kid=rows[-1].kid if rows else None,
            seconds=result.seconds if result else None,
            message=COLLAPSED if COLLAPSED in flags else row.message,
            attempt=row.attempt,
        )
