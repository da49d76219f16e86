"""How long a run still takes, from how long its trials took: by their records, else as watched."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace

from harness.execution.view.progress import Snapshot, Timing, TrialProgress, Waiting
from harness.runs.status import Status

LOOKS = 20  # over which workers are counted, as each is idle for a moment between two trials
_PREPARING = ("loading", "compiling")  # phases that do not last longer the longer the training is


@dataclass
class _Watched:
    """A trial from when it was first seen; in seconds and thousands of images."""

    cell: str
    program: str
    before: float  # shown before it was seen
    shown: float
    whole: float  # to be shown in all
    loading: float = 0.0
    compiling: float = 0.0
    working: float = 0.0  # training and evaluating
    ended: bool = False

    def passed(self, phase: str, seconds: float) -> None:
        """Count time spent in a phase."""
        name = phase if phase in _PREPARING else "working"
        setattr(self, name, getattr(self, name) + seconds)

    def end(self, status: str) -> None:
        """Take account of its end; how long a whole one takes is not known of other ends."""
        self.ended = True
        self.shown = self.whole if status == Status.FINISHED else self.before

    @classmethod
    def recorded(cls, timing: Timing, compiling: float) -> "_Watched":
        """From its record, which has no time of compiling."""
        loading = max(0.0, timing.seconds - timing.working - compiling)
        return cls(
            timing.cell, timing.program, 0.0, timing.kimg, timing.kimg,
            loading, compiling, timing.working, ended=True,
        )  # fmt: skip


class Pace:
    """How fast the trials of this driver go, all workers together.

    The first trial of a worker loads TensorFlow and the images, and the first of each program
    compiles it. Neither happens in every trial, so they are kept apart from training and
    evaluating, which take as long again in each. A view that was opened later, or looks rarely,
    gives the same: what it has not seen is in the record.
    """

    def __init__(self) -> None:
        self._watched: dict[tuple[str, int], _Watched] = {}
        self._workers: deque[int] = deque(maxlen=LOOKS)
        self._last = 0.0

    def seconds_left(self, snapshot: Snapshot, now: float) -> float | None:
        """Time to the end of the run; None before any trial has trained. `now`: any clock."""
        self._watch(snapshot, now)
        speed = self._speed(snapshot.active)
        if speed is None:
            return None
        rest = [(one.kimg_total - one.kimg) * speed(one.cell) for one in snapshot.active]
        return _end(rest, self._durations(snapshot.waiting, speed), max(1, *self._workers))

    def _watch(self, snapshot: Snapshot, now: float) -> None:
        passed, self._last = now - self._last, now
        self._workers.append(len(snapshot.active))
        for timing in snapshot.earlier:
            self._record(timing)
        for one in snapshot.active:
            self._seen(one, passed)
        for end in snapshot.ended:
            if end.timing:
                self._record(end.timing)
                continue
            watched = self._watched.get((end.key, end.attempt))
            if watched and not watched.ended:
                watched.passed("", passed)
                watched.end(end.status)

    def _record(self, timing: Timing) -> None:
        name = (timing.key, timing.attempt)
        watched = self._watched.get(name)
        if watched is None or not watched.ended:
            compiling = watched.compiling if watched else 0.0
            self._watched[name] = _Watched.recorded(timing, compiling)

    def _seen(self, one: TrialProgress, passed: float) -> None:
        name = (one.key, one.attempt)
        if name not in self._watched:
            self._watched[name] = _Watched(
                one.cell, one.program, one.kimg, one.kimg, one.kimg_total
            )
            return
        watched = self._watched[name]
        watched.passed(one.phase, passed)
        watched.shown = one.kimg

    def _speed(self, active: Iterable[TrialProgress]) -> Callable[[str], float] | None:
        """Seconds for a thousand images by cell; of a cell that is new, the mean of the others.

        Until any was trained or watched for a while, as fast as they say that they are.
        """
        useful = [one for one in self._watched.values() if one.shown > one.before and one.working]
        useful = [one for one in useful if one.ended] or useful
        if not useful:
            rates = [1000 / one.images_per_second for one in active if one.images_per_second]
            return (lambda _: _mean(rates)) if rates else None
        every = _mean([one.working / (one.shown - one.before) for one in useful])
        cells: dict[str, list[float]] = {}
        for one in useful:
            cells.setdefault(one.cell, []).append(one.working / (one.shown - one.before))
        means = {cell: _mean(values) for cell, values in cells.items()}
        return lambda cell: means.get(cell, every)

    def _durations(
        self, waiting: Iterable[Waiting], speed: Callable[[str], float]
    ) -> Iterable[float]:
        """Seconds of each trial that waits; each worker compiles each program at most once."""
        workers, watched = max(1, *self._workers), list(self._watched.values())
        compiling = [one.compiling for one in watched if one.ended and one.compiling]
        compiled = Counter(one.program for one in watched if one.compiling)
        loading = _mean([one.loading for one in watched[workers:] if one.ended])
        for one in waiting:
            seconds = one.kimg * speed(one.cell) + loading
            if compiled[one.program] < workers:
                compiled[one.program] += 1
                seconds += _mean(compiling)
            yield seconds


def _end(rest: Sequence[float], durations: Iterable[float], workers: int) -> float:
    """When the last worker is done, if each takes the next trial as soon as it is free."""
    free = [*rest, *[0.0] * (workers - len(rest))]
    heapify(free)
    for duration in durations:
        heapreplace(free, free[0] + duration)
    return max(free)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
