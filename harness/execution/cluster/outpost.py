"""The far end of the driver: one attempt at a time in a thread, and what is new for the record."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

from harness.core.errors import HarnessError
from harness.execution.cluster.messages import End, Report
from harness.queue.base import Claim
from harness.runs.recorder import Recorder
from harness.runs.status import Status
from harness.runs.transfer import CHUNK, Outbox, Part, unpack

ANSWER = 1.0  # seconds between two looks whether the run stops, while the driver is asked


class Outpost(ABC):
    """A worker far from queue and record, which the driver calls one method at a time."""

    def __init__(self, trials: Path) -> None:
        """`trials`: this worker's own folder, where it writes as on one machine."""
        self._trials = trials
        self._stopping = False
        self._outbox: Outbox | None = None
        self._leaving: Iterator[Part] | None = None
        self._news = Event()
        self._end: End | None = None
        self._asks, self._answered, self._answer = False, Event(), False
        self._noted: tuple[bool, End | None] = False, None

    @abstractmethod
    def train(self, claim: Claim, knobs: Mapping[str, Any], keep_all: bool) -> End:
        """Train or score a trial; called in a thread. `asks` and `stopping` are for it."""

    def receive(self, key: str, parts: Sequence[Part]) -> None:
        """Take pieces of the folder of a trial that was begun elsewhere."""
        self._clear()
        unpack(self._trials / key, parts)

    def start(
        self, claim: Claim, knobs: Mapping[str, Any], keep_all: bool, seconds: float
    ) -> Report:
        """Begin an attempt; the first changes, as `poll` reports them."""
        self._clear()
        folder = self._trials / claim.key
        folder.mkdir(parents=True, exist_ok=True)
        self._outbox, self._leaving = Outbox(folder), None
        self._stopping = self._asks = False
        self._news.clear()
        Thread(target=self._run, args=(claim, knobs, keep_all), daemon=True).start()
        return self.poll(seconds)

    def _clear(self) -> None:
        """Remove what an ended attempt left: the record has it, and it may go on elsewhere."""
        if self._end is not None:
            shutil.rmtree(self._trials, ignore_errors=True)
            self._end = None

    def _run(self, claim: Claim, knobs: Mapping[str, Any], keep_all: bool) -> None:
        try:
            self._end = self.train(claim, knobs, keep_all)
        except HarnessError as error:
            self._end = End(Status.STOPPED, str(error), mistake=True)
        except BaseException as error:  # noqa: BLE001  # whatever ends this thread is told
            self._end = End(Status.LOST, f"{type(error).__name__}: {error}", worn=True)
        self._news.set()

    def recorder(self, claim: Claim) -> Recorder:
        """The folder of a trial here."""
        return Recorder(self._trials / claim.key)

    def stopping(self) -> bool:
        """Whether the driver has asked to stop."""
        return self._stopping

    def asks(self, cell: str) -> bool:
        """Whether a search drops the trial now: the driver says so, once it has the last scores."""
        del cell  # the driver knows
        self._answered.clear()
        self._asks = True
        self._news.set()
        while not self._answered.wait(ANSWER):
            if self._stopping:
                return False
        return self._answer

    def answer(self, gives_up: bool) -> None:
        """Reply to a report that asks."""
        self._asks, self._answer = False, gives_up
        self._answered.set()

    def stop(self) -> None:
        """Ask the training to write a checkpoint and end."""
        self._stopping = True

    def poll(self, seconds: float) -> Report:
        """The changes since the last call; waits up to `seconds` for an end or a question."""
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
