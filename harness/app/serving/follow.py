"""One run as it goes on: its progress, and a page that is rendered again as trials end."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.app.studies import report
from harness.config.runtime import Runtime
from harness.core import format as show
from harness.core.errors import Damaged, HarnessError
from harness.core.rest import Rest
from harness.execution.view.pace import Pace
from harness.execution.view.poll import Poll
from harness.execution.view.progress import Snapshot, TrialProgress
from harness.execution.view.screen import summary
from harness.queue.base import Job
from harness.queue.journal import JOURNAL
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs import layout
from harness.runs.plan import PlanRecord, read_plan
from harness.runs.trial import Trial

LOOK = 2.0  # seconds between two looks at the record
REST = 3.0  # a page is not rendered again for so many times as its rendering took: workers train


class Follower:
    """Looks at a run in a thread, the only one that reads its queue and renders its page."""

    def __init__(self, run_name: str, runtime: Runtime, pages: Path) -> None:
        self.run_name = run_name
        self._runtime = layout.holding(run_name, runtime)
        self._pages = replace(self._runtime, reports=pages)
        self.folder = self._pages.reports / run_name
        self.state: Mapping[str, Any] = {"version": 0, "said": "", "share": None, "active": []}
        self._poll: Poll | None = None
        self._pace = Pace()
        self._planned: tuple[int, int] | None = None
        self._ended: tuple[int, ...] | None = None  # when the page was rendered
        self._rest = Rest(0.0, REST)
        self._stop, self._starting = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def start(self) -> None:
        """Begin to look, unless that was done before."""
        with self._starting:
            if not self._thread.ident:
                self._thread.start()

    def stop(self) -> None:
        """Look no more; waits for a page that is being rendered."""
        self._stop.set()
        with self._starting:
            if self._thread.ident:
                self._thread.join()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except (HarnessError, OSError) as error:  # shown, and tried again
                self.state = {**self.state, "said": str(error)}
            self._stop.wait(LOOK)

    def look(self) -> None:
        """Bring progress up to date, and the page where a trial or look has ended since."""
        snapshot = self._snapshot()
        self.state = {**self.state, **self._told(snapshot)}
        ended = self._count(snapshot)
        if ended != self._ended and self._rest.over():
            with self._rest.after():
                report(self.run_name, self._pages)
            self._ended = ended
            self.state = {**self.state, "version": self.state["version"] + 1}

    def _snapshot(self) -> Snapshot | None:
        """How the queue stands; None where there is none, as of a published record."""
        folder = self._runtime.study(self.run_name)
        if not (folder / JOURNAL).exists():
            return None
        file = (folder / layout.PLAN).stat()
        planned = file.st_mtime_ns, file.st_size
        if self._poll is None or planned != self._planned:  # new trials may have been asked for
            plan = read_plan(folder / layout.PLAN)
            if plan is None:
                return None
            ledger = OptunaLedger.open(self.run_name, folder, self._runtime.trials)
            self._poll = Poll(plan, self._missing(plan), ledger, self._runtime)
            self._planned = planned
        return self._poll.snapshot()

    def _missing(self, plan: PlanRecord) -> list[Job]:
        return [
            Job(trial.key, trial.cell, trial.seed, order)
            for order, trial in enumerate(plan.trials)
            if not self._has_ended(trial.key)
        ]

    def _has_ended(self, key: str) -> bool:
        with suppress(Damaged):
            return Trial(self._runtime.trials / key).result() is not None
        return False

    def _count(self, snapshot: Snapshot | None) -> tuple[int, ...]:
        """Changes with each trial that ends, and with the plan, which looks and searches change."""
        planned = self._planned or (0, 0)
        if snapshot is None:
            return planned
        return *planned, snapshot.done, snapshot.crashed, len(snapshot.ended)

    def _told(self, snapshot: Snapshot | None) -> dict[str, Any]:
        """The snapshot for the page, in words where it has words."""
        if snapshot is None or not (snapshot.active or snapshot.done < snapshot.total):
            return {"said": f"{self.run_name}: nothing is trained now", "share": None, "active": []}
        left = self._pace.seconds_left(snapshot, time.monotonic())
        return {
            "said": summary(snapshot, left),
            "share": min(1.0, snapshot.images / snapshot.images_total),
            "active": [_row(trial) for trial in snapshot.active],
        }


def _row(trial: TrialProgress) -> list[str]:
    again = f" (attempt {trial.attempt})" if trial.attempt > 1 else ""
    kimg = f"{show.number(trial.kimg)} of {show.number(trial.kimg_total)}"
    seed, kid = str(trial.seed), show.kid(trial.kid)
    return [trial.cell + again, seed, trial.phase, kimg, kid, trial.node or "this machine"]
