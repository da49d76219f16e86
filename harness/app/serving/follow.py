"""One run as it goes on: its progress, and a page that is rendered again as trials end."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.app.studies import report
from harness.config.runtime import Runtime
from harness.core import format as show
from harness.core.errors import Damaged, HarnessError, told
from harness.core.redact import redacted
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

if TYPE_CHECKING:
    from harness.report import Summary

LOOK = 2.0  # seconds between two looks at the record
IDLE: Mapping[str, Any] = {"share": None, "active": [], "wrong": False}
REST = 3.0  # a page is not rendered again for so many times as its rendering took: workers train


class Rendering(NamedTuple):
    """A page that is being rendered, from what had ended by then, and since what time of day."""

    page: "Future[Summary]"
    ended: tuple[int, ...]
    since: str


class Follower:
    """Looks at a run in a thread, the only one that reads its queue.

    Its page is rendered elsewhere, which takes seconds: looks go on meanwhile, and so does the
    progress that is shown. The last whole page stays until then, and is called older.
    """

    def __init__(
        self,
        run_name: str,
        runtime: Runtime,
        pages: Path,
        warn: Callable[[str], None],
        renderer: Executor,
    ) -> None:
        """`pages`: the folder of its page; `warn` is told once that the run cannot be shown.

        `renderer` renders it; several runs share one that does so for one page at a time.
        """
        self.run_name = run_name
        self._runtime = layout.holding(run_name, runtime)
        self._journal = self._runtime.study(run_name) / JOURNAL
        self._pages = replace(self._runtime, reports=pages)
        self.folder = self._pages.reports / run_name
        self.state: Mapping[str, Any] = {"version": 0, "said": "", "older": "", **IDLE}
        self._poll: Poll | None = None
        self._pace = Pace()
        self._keys: tuple[str, ...] = ()
        self._planned: tuple[int, int] | None = None  # when the plan was written
        self._ended: tuple[int, ...] | None = None  # what the page was rendered from
        self._renders, self._rendered = 0, ""  # how often, and from the record of what time
        self._renderer = renderer
        self._rendering: Rendering | None = None
        self._rest = Rest(0.0, REST)  # of rendering
        self._trouble, self._warn = "", warn
        self._stop, self._starting = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def start(self) -> None:
        """Begin to look, unless that was done before."""
        with self._starting:
            if not self._thread.ident:
                self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        with self._starting:
            if self._thread.ident:
                self._thread.join()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except HarnessError as error:  # shown, and tried again
                self._cannot(str(error))
            except Exception as error:  # noqa: BLE001  files may go while they are read
                self._cannot(told(redacted(f"{type(error).__name__}: {error}")))
            self._stop.wait(LOOK)

    def _cannot(self, why: str) -> None:
        """Say that the run cannot be shown, once in the terminal; an older page is called that."""
        sentence = f"{self.run_name} cannot be shown as it is now: {why}"
        if why != self._trouble:
            self._warn(sentence)
        older = self._older(".") if self.state["version"] else ""
        told = {"said": sentence, "wrong": True, "older": older}
        self.state = {**self.state, **IDLE, **told}
        self._trouble = why
        self._planned = self._ended = self._rendering = None  # all is read again

    def _older(self, end: str) -> str:
        """Of what time the page is that is shown."""
        return f"The page below is that of {self._rendered}{end}"

    def look(self) -> None:
        """Bring progress up to date; have the page rendered where a trial or look has ended since.

        Raises what has kept a page from being rendered.
        """
        if not self._read_plan():
            return
        snapshot = self._poll.snapshot() if self._poll else None
        ended = self._count(snapshot)
        if ended != self._ended and not self._rendering and self._rest.over():
            page = self._renderer.submit(self._render)
            self._rendering = Rendering(page, ended, time.strftime("%H:%M:%S"))
        version = self._renders if self._taken() else self.state["version"]
        if self._trouble:  # which is shown until a page is rendered
            return
        older = self._older("; a newer one follows.") if version and ended != self._ended else ""
        self.state = {"version": version, **self._told(snapshot), "older": older}

    def _taken(self) -> bool:
        """Whether a page has been rendered since the last look; raises what it failed by."""
        if not self._rendering or not self._rendering.page.done():
            return False
        page, ended, since = self._rendering
        self._rendering = None
        page.result()
        self._renders += 1
        self._rendered, self._ended, self._trouble = since, ended, ""
        return True

    def _read_plan(self) -> bool:
        """Read the plan where it has changed; False, and no page any more, where it is gone."""
        path = layout.plan_file(self.run_name, self._runtime)
        plan = None
        with suppress(FileNotFoundError):
            file = path.stat()
            planned = file.st_mtime_ns, file.st_size
            if planned == self._planned and (self._poll or not self._journal.exists()):
                return True
            plan = read_plan(path)
        if plan is None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.state = {**self.state, "version": 0}
            self._cannot(f"it was deleted or moved; {path} is not there")
            return False
        self._keys = tuple(trial.key for trial in plan.trials)
        self._poll = self._polled(plan)
        self._planned = planned
        return True

    def _polled(self, plan: PlanRecord) -> Poll | None:
        """Where its queue is read from; None where there is none, as of a published record."""
        if not self._journal.exists():
            return None
        ledger = OptunaLedger.open(self.run_name, self._journal.parent, self._runtime.trials)
        return Poll(plan, self._missing(plan), ledger, self._runtime)

    def _render(self) -> "Summary":
        with self._rest.after():
            return report(self.run_name, self._pages)

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
        """Changes with each trial that ends, is removed or damaged, and with the plan."""
        counts = *(self._planned or (0, 0)), *self._results()
        if snapshot is None:
            return counts
        return *counts, snapshot.done, snapshot.crashed, len(snapshot.ended)

    def _results(self) -> Iterator[int]:
        """When the result of each trial was written."""
        for key in self._keys:
            with suppress(OSError):
                yield (self._runtime.trials / key / layout.RESULT).stat().st_mtime_ns

    def _told(self, snapshot: Snapshot | None) -> dict[str, Any]:
        """The snapshot for the page, in words where it has words."""
        if snapshot is None or not (snapshot.active or snapshot.done < snapshot.total):
            return {**IDLE, "said": f"{self.run_name}: nothing is trained now"}
        left = self._pace.seconds_left(snapshot, time.monotonic())
        return {
            "wrong": False,
            "said": summary(snapshot, left),
            "share": min(1.0, snapshot.images / snapshot.images_total),
            "active": [_row(trial) for trial in snapshot.active],
        }


def _row(trial: TrialProgress) -> list[str]:
    again = f" (attempt {trial.attempt})" if trial.attempt > 1 else ""
    kimg = f"{show.number(trial.kimg)} of {show.number(trial.kimg_total)}"
    seed, kid = str(trial.seed), show.kid(trial.kid)
    return [trial.name + again, seed, trial.phase, kimg, kid, trial.node or "this machine"]
