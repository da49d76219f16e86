"""A simulated cluster whose nodes fail: virtual time, but the product's own queue.

What it takes from the product: the queue itself (order, limit of attempts, what is lost comes
again), and how often a checkpoint is sent. What it assumes is in `Assumed`. Times are seconds.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from optuna.storages import InMemoryStorage

from harness.queue.base import Claim, Job
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.status import Status

CHECKPOINT = 60.0  # `CHECKPOINT_SECONDS` of a training; its module would import TensorFlow
CELLS = 100


class Assumed(NamedTuple):
    """What the model cannot take from the product."""

    workers: int
    node: int  # workers of a node: they fail together
    failures: float = 60.0  # seconds between two failures of nodes; 0: none
    away: float = 60.0  # until a failed node is back
    start: float = 30.0  # of a worker: process, TensorFlow, supplies
    transfer: float = 1.0  # of a checkpoint, home or to a worker


class Found(NamedTuple):
    """What a simulated run came to."""

    seconds: float  # until the last trial ended
    work: float  # seconds of training that the trials needed
    repeated: float  # seconds of training that were lost with a worker
    busy: list[tuple[float, int]]  # when, and how many workers train from then on
    attempts: int
    drained: float  # when a worker first found nothing to do
    given_up: int  # trials that used up their attempts, and were taken up by a further command
    finished: list[str]  # keys, as often as they finished

    @property
    def share(self) -> float:
        """Useful work among all that the workers could have done."""
        return self.work / self.seconds


@dataclass
class _Worker:
    number: int
    life: int = 0  # raised when it dies: what was planned before is void
    claim: Claim | None = None
    since: float = 0.0  # when it began to train this attempt
    idle: bool = False


@dataclass(order=True)
class _Event:
    at: float
    order: int
    kind: str = field(compare=False)
    worker: int = field(compare=False, default=-1)
    life: int = field(compare=False, default=0)


class Model:
    """One run of trials that take `durations`."""

    def __init__(self, durations: Sequence[float], assumed: Assumed, seed: int = 0) -> None:
        self.of, self.durations = assumed, durations
        self.draw = np.random.default_rng(seed)
        self.ledger = OptunaLedger(InMemoryStorage(), "model", reached=self._reached)
        self.jobs = [
            Job(f"{i:x}", f"cell {i % CELLS}", i // CELLS, i) for i in range(len(durations))
        ]
        self.workers = [_Worker(number) for number in range(assumed.workers)]
        self.saved = dict.fromkeys(range(len(durations)), 0.0)  # at home, seconds of training
        self.events: list[_Event] = []
        self.drained = float("inf")
        self.now, self.count, self.training = 0.0, 0, 0
        self.repeated, self.attempts, self.given_up = 0.0, 0, 0
        self.finished: list[str] = []
        self.done: set[str] = set()
        self.busy: list[tuple[float, int]] = [(0.0, 0)]

    def run(self) -> Found:
        """Until every trial has finished; what was given up is queued by a further command."""
        self.ledger.enqueue(self.jobs)
        for worker in self.workers:
            self._plan(self.of.start, "ready", worker)
        if self.of.failures:
            self._plan(self.of.failures, "failure")
        while len(self.done) < len(self.jobs):
            event = heapq.heappop(self.events)
            self.now = event.at
            if event.kind == "failure":
                self._fail()
            elif event.life == self.workers[event.worker].life:
                worker = self.workers[event.worker]
                if event.kind == "end":
                    self._end(worker)
                self._claim(worker)
        return Found(
            self.now, sum(self.durations) / self.of.workers, self.repeated / self.of.workers,
            self.busy, self.attempts,
            self.drained, self.given_up, self.finished,
        )  # fmt: skip

    def _reached(self, key: str) -> int:
        """Seconds of training in the checkpoint at home, as iterations."""
        return int(self.saved[int(key, 16)])

    def _plan(self, after: float, kind: str, worker: _Worker | None = None) -> None:
        self.count += 1
        number, life = (worker.number, worker.life) if worker else (-1, 0)
        heapq.heappush(self.events, _Event(self.now + after, self.count, kind, number, life))

    def _claim(self, worker: _Worker) -> None:
        worker.claim = self.ledger.claim(f"w{worker.number}")
        worker.idle = worker.claim is None
        if worker.claim is None:
            self.drained = min(self.drained, self.now)
            if not self.training and len(self.done) < len(self.jobs):
                self._again()
            return
        self.attempts += 1
        self._trains(1)
        done = self.saved[worker.claim.order]
        before = self.of.transfer if done else 0.0
        worker.since = self.now + before
        self._plan(before + self.durations[worker.claim.order] - done, "end", worker)

    def _again(self) -> None:
        """A further command: only what was given up is queued."""
        self.given_up += self.ledger.enqueue([job for job in self.jobs if job.key not in self.done])
        self._wake()

    def _wake(self) -> None:
        for worker in self.workers:
            if worker.idle:
                worker.idle = False
                self._plan(0.0, "ready", worker)

    def _end(self, worker: _Worker) -> None:
        assert worker.claim is not None
        if self.ledger.finish(worker.claim, Status.FINISHED):
            self.finished.append(worker.claim.key)
            self.done.add(worker.claim.key)
        self._trains(-1)

    def _fail(self) -> None:
        """A node dies with all its workers; its trials go back to the queue."""
        first = self.of.node * int(self.draw.integers(self.of.workers // self.of.node))
        for worker in self.workers[first : first + self.of.node]:
            worker.life += 1
            worker.idle = False
            if worker.claim is not None:
                self._lose(worker, worker.claim)
            self._plan(self.of.away + self.of.start, "ready", worker)
        self._wake()
        self._plan(self.of.failures, "failure")

    def _lose(self, worker: _Worker, claim: Claim) -> None:
        trained = max(0.0, self.now - worker.since)
        arrived = max(0.0, trained - self.of.transfer) // CHECKPOINT * CHECKPOINT
        self.saved[claim.order] += arrived
        self.repeated += trained - arrived
        self.ledger.finish(claim, Status.LOST, "the node died")
        worker.claim = None
        self._trains(-1)

    def _trains(self, more: int) -> None:
        self.training += more
        if self.busy[-1][0] == self.now:
            self.busy.pop()
        self.busy.append((self.now, self.training))


def scaled(seconds: Sequence[float], mean: float, count: int, seed: int = 0) -> list[float]:
    """Durations drawn from those of a record, with another mean."""
    some: Any = np.random.default_rng(seed).choice(np.asarray(seconds), count)
    return [float(value) for value in some * mean / np.mean(seconds)]
