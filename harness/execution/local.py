"""Worker processes on this machine: started, watched, renewed, and stopped without leftovers."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import FrameType

GRACE = 120.0  # seconds for a worker to end an evaluation and write its checkpoint
PATIENCE = 3  # fruitless starts in a row after which a worker is given up
SHORT = 5.0  # seconds; a worker that leaves sooner, with work left, did nothing
PAUSE = 0.2  # seconds between two looks at the workers
STOPPING = "stopping: workers write their checkpoints (Ctrl-C again: stop at once)"
# What a worker is started through on Linux: a driver that is killed takes its workers along, by
# SIGTERM, so that they save. prctl(2): 1 is PR_SET_PDEATHSIG; it outlives exec. (Not preexec_fn,
# which is unsafe, and warned of, where the driver has threads.)
_LEASH = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15)
if os.getppid() != int(sys.argv[1]):
    sys.exit(143)
os.execvp(sys.argv[2], sys.argv[2:])
"""


class Outcome(StrEnum):
    """Why the workers ended."""

    DONE = "done"  # no work is left
    INTERRUPTED = "interrupted"  # Ctrl-C or SIGTERM
    TIME = "time"  # the deadline
    FAILED = "failed"  # work is left, but no worker stays up; their logs say why


@dataclass(frozen=True)
class WorkerSpec:
    """How to start one worker."""

    argv: Sequence[str]
    env: Mapping[str, str]  # added to this process's environment
    log: Path  # its stdout and stderr, appended


@dataclass(frozen=True)
class Driver:
    """Callbacks of the driver: about the work, deaths of workers, and the view."""

    work_left: Callable[[], bool]  # is something waiting that an idle worker could take?
    on_death: Callable[[int, int], bool]  # (worker, exit code) → did a trial die with it?
    tick: Callable[[str], None]  # several times a second, with a notice for people or ""
    rests: Callable[[], bool] = lambda: False  # do all workers stay, with nothing to train?
    goes_on: Callable[[], bool] = lambda: False  # queue what follows then; False: nothing does


@dataclass
class _Worker:
    spec: WorkerSpec
    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0
    fruitless: int = 0  # starts in a row that brought nothing

    @property
    def pending(self) -> bool:
        """Started and not yet seen to end."""
        return self.process is not None

    def start(self) -> None:
        self.spec.log.parent.mkdir(parents=True, exist_ok=True)
        with self.spec.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*_leash(), *self.spec.argv],
                env={**os.environ, **self.spec.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the driver alone, which asks once
            )
        self.since = time.monotonic()

    def ended(self) -> int | None:
        """The exit code, once, when the process has ended (and is reaped)."""
        code = self.process.poll() if self.process else None
        if code is not None:
            self.process = None
        return code

    def send(self, number: signal.Signals) -> None:
        """Signal the worker and, for SIGKILL, whatever it has started."""
        if self.process is None or self.process.poll() is not None:
            return
        if number is signal.SIGKILL:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)


@dataclass
class Signals:
    """How often the driver was asked to stop."""

    count: int = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """A handler of signals."""
        self.count += 1


def run_local(
    specs: Sequence[WorkerSpec], driver: Driver, deadline: float | None = None, grace: float = GRACE
) -> Outcome:
    """Keep the workers running until no work is left, a signal, or `deadline` (monotonic seconds).

    A worker that dies is replaced while work is left. Deaths that take a trial along are bounded
    by the ledger's attempts; others by PATIENCE. Every process has ended when this returns.
    """
    workers = [_Worker(spec) for spec in specs]
    with caught_signals() as signals:
        try:
            outcome = _watch(workers, driver, signals, deadline)
            notice = "" if outcome is Outcome.DONE else STOPPING
            _stop(workers, lambda: driver.tick(notice), signals, grace)
            return outcome
        finally:
            _kill(workers)  # nobody is left but after an error in the driver or a spent grace


@contextmanager
def beside(spec: WorkerSpec) -> Iterator[None]:
    """Inside, a process runs on; then it is asked to stop."""
    worker = _Worker(spec)
    worker.start()
    try:
        yield
    finally:
        worker.send(signal.SIGTERM)
        end = time.monotonic() + GRACE
        while worker.ended() is None and worker.pending and time.monotonic() < end:
            time.sleep(PAUSE)
        _kill([worker])


def _watch(
    workers: Sequence[_Worker], driver: Driver, signals: Signals, deadline: float | None
) -> Outcome:
    while True:
        if signals.count:
            return Outcome.INTERRUPTED
        if deadline is not None and time.monotonic() >= deadline:
            return Outcome.TIME
        for index, worker in enumerate(workers):
            _look_after(index, worker, driver)
        count = sum(worker.pending for worker in workers)
        if count < len(workers) and driver.work_left():
            _start_idle(workers)
            if not any(worker.pending for worker in workers):
                return Outcome.FAILED
        elif (not count or driver.rests()) and not driver.goes_on():
            return Outcome.DONE
        driver.tick("")
        time.sleep(PAUSE)


def _look_after(index: int, worker: _Worker, driver: Driver) -> None:
    code = worker.ended()
    if code is None:
        return
    stayed = time.monotonic() - worker.since > SHORT
    useful = driver.on_death(index, code) if code != 0 else stayed
    worker.fruitless = 0 if useful else worker.fruitless + 1


def _start_idle(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        if not worker.pending and worker.fruitless < PATIENCE:
            worker.start()


def _stop(
    workers: Sequence[_Worker], tick: Callable[[], None], signals: Signals, grace: float
) -> None:
    """Ask every worker once to stop, and wait; a further signal ends the waiting."""
    for worker in workers:
        worker.send(signal.SIGTERM)
    asked, end = signals.count, time.monotonic() + grace
    while any(worker.ended() is None and worker.pending for worker in workers):
        if signals.count > asked or time.monotonic() > end:
            return
        tick()
        time.sleep(PAUSE)


def _kill(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.send(signal.SIGKILL)
    for worker in workers:
        if worker.process is not None:
            with suppress(subprocess.TimeoutExpired):  # stuck in the kernel: not ours to wait for
                worker.process.wait(timeout=10)
            worker.process = None


@contextmanager
def caught_signals() -> Iterator[Signals]:
    """SIGINT and SIGTERM are counted instead of ending the driver; the old handlers come back.

    Only the main thread gets signals; a run that another one drives ends with its process.
    """
    signals = Signals()
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    caught = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signals) for number in caught]
    try:
        yield signals
    finally:
        for number, handler in zip(caught, before, strict=True):
            signal.signal(number, handler)


def _leash() -> list[str]:
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", "-c", _LEASH, str(os.getpid())]
