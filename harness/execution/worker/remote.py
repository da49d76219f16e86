"""A worker of a cluster: trains the trials that it is sent, and hands out what has changed.

It knows neither queue nor record: those are at home, with the driver, which calls these methods
one after the other. The training runs in a thread of its own meanwhile.
"""

import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

from harness.config.patch import unflatten
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.execution.cluster.messages import About, End, Report
from harness.execution.worker.drain import PROGRAMS_A_PROCESS, Stop, attempt, prepare
from harness.gan.numbers import structure
from harness.queue.base import Claim
from harness.runs.plan import PlanRecord
from harness.runs.recorder import Recorder
from harness.runs.status import Status
from harness.runs.transfer import CHUNK, Outbox, Part, unpack


class Remote:
    """One worker process of a cluster."""

    def __init__(self, plan: PlanRecord, folder: Path, project: str) -> None:
        """`folder`: this worker's own, on its node."""
        # W&B is written at home, from the record
        self._runtime = Runtime(runs=folder, project=project, tracking="disabled")
        self._stop, self._plan = Stop(), plan
        self._context = prepare(plan, self._runtime, self._stop)
        self._context.gives_up = self._ask
        self._structures = {cell.label: structure(cell.config) for cell in plan.cells}
        self._outbox: Outbox | None = None
        self._leaving: Iterator[Part] | None = None
        self._end: End | None = None
        self._noted: tuple[bool, End | None] = False, None
        self._asks, self._answered, self._answer = False, Event(), False
        self._news = Event()

    def about(self) -> About:
        """Where it runs."""
        return About(socket.gethostname(), str(self._context.arithmetic["device"]))

    def receive(self, key: str, parts: Sequence[Part]) -> None:
        """Take pieces of the folder of a trial that was begun elsewhere."""
        unpack(self._runtime.trials / key, parts)

    def start(self, claim: Claim, knobs: Mapping[str, Any], keep_all: bool) -> None:
        """Begin an attempt."""
        for folder in self._runtime.trials.glob("*"):
            if folder.name != claim.key:
                shutil.rmtree(folder, ignore_errors=True)  # all of it is at home
        folder = self._runtime.trials / claim.key
        folder.mkdir(parents=True, exist_ok=True)
        self._outbox, self._leaving, self._end = Outbox(folder), None, None
        self._stop.asked = False
        self._news.clear()
        self._context.keep_all = keep_all
        Thread(target=self._train, args=(claim, knobs), daemon=True).start()

    def _train(self, claim: Claim, knobs: Mapping[str, Any]) -> None:
        recorder = Recorder(self._runtime.trials / claim.key)
        try:
            config = unflatten({**knobs, "seed": claim.seed})
            self._end = self._ended(*attempt(config, claim, recorder, self._context))
        except HarnessError as error:
            self._end = End(Status.STOPPED, str(error), mistake=True)
        except BaseException as error:  # noqa: BLE001  # whatever ends this thread is told at home
            self._end = End(Status.LOST, f"{type(error).__name__}: {error}", worn=True)
        self._news.set()

    def _ended(self, status: Status, message: str) -> End:
        programs = self._context.programs
        compiled = tuple(cell for cell, name in self._structures.items() if name in programs)
        return End(status, message, False, compiled, programs.compiled >= PROGRAMS_A_PROCESS)

    def _ask(self, cell: str) -> bool:
        """Whether a search drops the trial now; home says so, once it has the last scores."""
        del cell
        self._answered.clear()
        self._asks = True
        self._news.set()
        while not self._answered.wait(1.0):
            if self._stop():
                return False
        return self._answer

    def answer(self, gives_up: bool) -> None:
        """Reply to a report that asks."""
        self._asks, self._answer = False, gives_up
        self._answered.set()

    def stop(self) -> None:
        """Ask the training to write a checkpoint and end."""
        self._stop.asked = True

    def poll(self, seconds: float) -> Report:
        """What has changed; waits up to `seconds` for news that cannot wait."""
        if self._leaving is None:
            self._news.wait(seconds)
            self._news.clear()
            # noted before the folder is read: what they follow from is in it then
            self._noted = self._asks, self._end
            self._leaving = self._outbox.parts() if self._outbox else iter(())
        parts, size = [], 0
        for part in self._leaving:
            parts.append(part)
            size += len(part.data)
            if size >= CHUNK:
                return Report(parts, more=True)
        self._leaving = None
        asks, end = self._noted
        return Report(parts, asks=asks, end=end)
