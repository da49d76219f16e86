"""The driver of a run on a cluster: it alone holds queue and record, and gives trials to workers.

Each worker is served by one coroutine. Between two awaits nothing else runs, so the queue needs no
lock among them. What arrives is written by threads, each into the folder of one trial.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.lock import Busy
from harness.core.rest import Rest
from harness.execution.cells import Cells
from harness.execution.cluster.attempt import Questions, train
from harness.execution.cluster.book import Book
from harness.execution.cluster.fleet import Fleet, Gone, Worker
from harness.execution.cluster.messages import End
from harness.execution.ended import answered
from harness.execution.local import GRACE, PATIENCE, STOPPING, Outcome, Signals
from harness.execution.search.source import Source
from harness.queue.base import Claim, Ledger
from harness.queue.lease import on_node
from harness.runs import layout
from harness.runs.plan import PlanRecord
from harness.runs.recorder import Recorder
from harness.runs.status import Status
from harness.runs.trial import Trial

BEAT = 0.5  # seconds that a worker waits for news before it answers, where there are few
A_SECOND = 200  # answers that the driver takes from all of them
IDLE = 0.2  # seconds between two looks at the queue or the workers
RARE = 5.0  # times as long as a look at the queue took, until the next
JOINS = 5.0  # seconds between two looks at how many workers the cluster carries


@dataclass
class Home:
    """One run on a cluster."""

    plan: PlanRecord
    runtime: Runtime
    ledger: Ledger
    source: Source
    fleet: Fleet
    keep_all: bool
    left: Callable[[], int]  # trials that wait, or that may be added to the plan
    goes_on: Callable[[], bool] = lambda: False  # queue what follows then; False: nothing does
    training: set[str] = field(default_factory=set)  # keys of what our workers hold
    attempts: int = 0
    by_kind: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    stopping: bool = False
    mistake: str = ""  # of the user's: it ends the run
    last_death: str = ""
    book: Book = field(init=False)
    cells: Cells = field(init=False)
    _ending: Rest = field(default_factory=lambda: Rest(0.0, RARE))  # of looks for the end
    _growth: Rest = field(default_factory=lambda: Rest(JOINS, RARE))  # of looks for room

    def __post_init__(self) -> None:
        self.book = Book(self.ledger)
        self.cells = Cells(layout.plan_file(self.plan.run_name, self.runtime), self.plan)

    async def run(
        self, signals: Signals, deadline: float | None, tick: Callable[[str], None]
    ) -> Outcome:
        """Until nothing is left, a signal, or the deadline (monotonic seconds)."""
        serving: list[asyncio.Task[None]] = []
        try:
            while not (outcome := self._outcome(serving, signals, deadline)):
                self._grow(serving)
                tick(self._notice(serving))
                await asyncio.sleep(IDLE)
            if outcome in (Outcome.INTERRUPTED, Outcome.TIME):
                await self._stop(signals, tick)
            return outcome
        finally:
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)

    def _outcome(
        self, serving: Collection[asyncio.Task[None]], signals: Signals, deadline: float | None
    ) -> Outcome | None:
        """Why the run ends now; None: it goes on."""
        if signals.count:
            return Outcome.INTERRUPTED
        if deadline is not None and time.monotonic() >= deadline:
            return Outcome.TIME
        for task in serving:
            if task.done():
                task.result()  # an error of ours ends the driver as any other would
        if self.mistake:
            raise HarnessError(self.mistake)
        if not self.training and self._is_done():
            return Outcome.DONE
        if serving and all(task.done() for task in serving):
            raise HarnessError(f"no worker of the cluster stays up: {self.last_death}")
        return None

    def _is_done(self) -> bool:
        """Whether nothing is left, nor follows from the results, if it is time to look."""
        if not self._ending.over():
            return False
        with self._ending.after():
            left = self.left()
        return not left and not self.goes_on()

    def _grow(self, serving: list[asyncio.Task[None]]) -> None:
        """As many workers as trials need and the cluster carries; nodes may join at any time."""
        if not self._growth.over():
            return
        with self._growth.after():
            wanted = min(self.left() + len(self.training), self.fleet.room())
        for number in range(len(serving), wanted):
            serving.append(asyncio.create_task(self._serve(f"w{number}")))

    def _notice(self, serving: Collection[object]) -> str:
        if self.training or self.attempts or self.fleet.trouble():
            return self.fleet.trouble()
        return "workers are starting" if serving else "waiting for a node with room for a trial"

    async def _stop(self, signals: Signals, tick: Callable[[str], None]) -> None:
        """Ask every worker once to stop, and wait; a further signal ends the waiting."""
        self.stopping = True
        asked, end = signals.count, time.monotonic() + GRACE
        while self.training and signals.count == asked and time.monotonic() < end:
            tick(STOPPING)
            await asyncio.sleep(IDLE)

    async def _serve(self, name: str) -> None:
        """Keep one worker at work; returns when it is given up, or after a user's mistake."""
        fruitless = 0  # workers in a row that trained nothing
        while fruitless < PATIENCE:
            worker = None
            before = self.attempts
            try:
                worker = await self.fleet.hire()
                await self._work(on_node(name, worker.about.node), worker)
            except Gone as gone:
                self.last_death = str(gone)
            except HarnessError as error:
                self.mistake = str(error)
                return
            finally:
                if worker is not None:
                    await worker.leave()
            fruitless = 0 if self.attempts > before else fruitless + 1

    async def _work(self, name: str, worker: Worker) -> None:
        """Give a worker one trial after the other, until it is worn."""
        compiled: Collection[str] = ()
        trained = self.by_kind[worker.about.kind]
        while True:
            prefers = partial(self._suits, trained, compiled)
            claim = None if self.stopping else await self._claim(name, prefers)
            if claim is None:
                if self.stopping or not self.source.extend():
                    await asyncio.sleep(IDLE)
                continue
            trained[claim.cell] += 1
            end = await self._attempt(claim, worker)
            compiled = end.compiled
            if end.worn:
                return

    def _suits(self, trained: Counter[str], compiled: Collection[str], cell: str) -> bool:
        """Whether a worker should take a trial of a cell before others of about the same seed.

        On hardware of one kind that is one that it has compiled. On several kinds, each is given
        all cells about equally often, so that a difference of machines is not one of cells.
        """
        if len(self.by_kind) == 1:
            return cell in compiled
        return trained[cell] * len(self.cells) <= trained.total()

    async def _claim(self, name: str, prefers: Callable[[str], bool]) -> Claim | None:
        """Take the next trial; it counts as trained from then on, so that the run does not end."""
        claims: list[Claim] = []

        def take() -> None:
            if claim := self.ledger.claim(name, prefers):
                claims.append(claim)
                self.training.add(claim.key)

        try:
            await self.book.enter(take)
        except asyncio.CancelledError:
            for claim in claims:
                await self._finish(claim, End(Status.STOPPED))
            raise
        return claims[0] if claims else None

    async def _finish(self, claim: Claim, end: End) -> None:
        try:
            await self.book.enter(partial(self.ledger.finish, claim, end.status, end.message))
        finally:
            self.training.discard(claim.key)

    async def _attempt(self, claim: Claim, worker: Worker) -> End:
        """One attempt at a trial; whatever goes wrong in it costs only this."""
        try:
            cell = self.cells.claimed(claim)
        except HarnessError:
            await self._finish(claim, End(Status.STOPPED))
            raise
        self.attempts += 1
        end = End(Status.STOPPED)
        try:
            with await self._held(claim) as recorder:
                if ended := answered(recorder.folder, cell.config, self.plan.metrics):
                    end = End(ended, "trained meanwhile by another run")
                else:
                    end = await self._train(claim, cell.knobs, recorder, worker)
        except Gone as gone:
            end = End(Status.LOST, str(gone))
            raise
        except Busy:  # asked to stop while another run trained it
            pass
        finally:
            await self._finish(claim, end)
        if end.mistake:
            raise HarnessError(end.message)
        return end

    async def _train(
        self, claim: Claim, knobs: Mapping[str, Any], recorder: Recorder, worker: Worker
    ) -> End:
        ask = Questions(lambda: self.stopping, self.source.gives_up, self._beat)
        try:
            return await train(claim, knobs, self.keep_all, recorder, worker, ask)
        except Gone as gone:
            if Trial(recorder.folder).result() is None:
                recorder.failure(str(gone), "")
            raise

    async def _held(self, claim: Claim) -> Recorder:
        """The trial's folder, once nobody else trains it; raises Busy if the run stops."""
        recorder = Recorder(self.runtime.trials / claim.key)
        while True:
            try:
                return recorder.acquire()
            except Busy:
                if self.stopping:
                    raise
                await asyncio.sleep(1.0)

    def _beat(self) -> float:
        return max(BEAT, len(self.training) / A_SECOND)
