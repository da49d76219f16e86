"""The view of a run: a live table in a terminal or notebook, else plain lines."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from harness.core import format as show
from harness.core.rest import Rest
from harness.execution.view.drawing import draw, failures, last_line, share
from harness.execution.view.notebook import Output
from harness.execution.view.pace import Pace
from harness.execution.view.progress import Snapshot, TrialEnd

REFRESH = 0.5  # seconds between two looks
RARE = 20.0  # times as long as a look took, until the next
LINE = 30.0  # seconds between two progress lines without a terminal


@contextmanager
def open_view(
    poll: Callable[[], Snapshot],
    console: Console | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Callable[[str], None]]:
    """Show what `poll` says while the block runs; yields `tick(notice)`, to be called often."""
    console = console or Console()
    if console.is_jupyter:
        notebook = _LiveTable(poll, Output(), clock)
        yield notebook.tick
        notebook.look("")
        return
    if not console.is_terminal:
        lines = PlainLines(poll, console, clock)
        yield lines.tick
        lines.look("")
        return
    # what others write is shown above the table, unless it was led elsewhere
    others = console.file is sys.stdout
    # no refresh thread: workers are forked from this process
    with Live(
        console=console,
        auto_refresh=False,
        vertical_overflow="crop",
        redirect_stdout=others,
        redirect_stderr=others,
    ) as live:
        table = _LiveTable(poll, live, clock)
        yield table.tick
        table.look("")


class _LiveTable:
    """The live view: everything is drawn again, at most twice a second."""

    def __init__(
        self, poll: Callable[[], Snapshot], live: Live | Output, clock: Callable[[], float]
    ) -> None:
        self._poll, self._live, self._clock = poll, live, clock
        self._pace = Pace()
        self._rest = Rest(REFRESH, RARE, clock)

    def tick(self, notice: str) -> None:
        """Draw, if it is time."""
        if self._rest.over():
            with self._rest.after():
                self.look(notice)

    def look(self, notice: str) -> None:
        """Draw."""
        snapshot = self._poll()
        left = self._pace.seconds_left(snapshot, self._clock())
        size = self._live.console.size
        drawn = draw(snapshot, left, size.width, size.height, notice)
        self._live.update(drawn, refresh=True)


class PlainLines:
    """The view for log files and pipes: a line for each event, a progress line now and then."""

    def __init__(
        self, poll: Callable[[], Snapshot], console: Console, clock: Callable[[], float]
    ) -> None:
        self._poll, self._console, self._clock = poll, console, clock
        self._pace = Pace()
        self._rest = Rest(REFRESH, RARE, clock)
        self._next_line = float("-inf")
        self._started: set[tuple[str, int]] = set()
        self._ended = 0  # of the ends, how many were said
        self._notice = ""

    def tick(self, notice: str) -> None:
        """Say what is new, if it is time to look."""
        if self._rest.over() or notice != self._notice:
            with self._rest.after():
                self.look(notice)

    def look(self, notice: str) -> None:
        """Say what is new."""
        snapshot, now = self._poll(), self._clock()
        left = self._pace.seconds_left(snapshot, now)
        self._say_events(snapshot)
        if notice and notice != self._notice:
            self._say(notice)
        self._notice = notice
        if now >= self._next_line:
            self._next_line = now + LINE
            self._say(summary(snapshot, left))

    def _say_events(self, snapshot: Snapshot) -> None:
        for trial in snapshot.active:
            if (trial.key, trial.row) not in self._started:
                self._started.add((trial.key, trial.row))
                more = f", attempt {trial.attempt}" if trial.attempt > 1 else ""
                more += f", on {trial.node}" if trial.node else ""
                self._say(f"started {trial.name}, seed {trial.seed} ({trial.key}{more})")
        for end in snapshot.ended[self._ended :]:
            self._say(ended_line(end))
        self._ended = len(snapshot.ended)

    def _say(self, line: str) -> None:
        # not by the console, which takes as long for a line as the queue for a trial
        print(line, file=self._console.file, flush=True)


def summary(snapshot: Snapshot, left: float | None) -> str:
    """The study in one line."""
    failed = "".join(f", {failure}" for failure in failures(snapshot))
    speed = [trial.images_per_second for trial in snapshot.active if trial.images_per_second]
    at = f", {show.rate(sum(speed))} images/s" if speed else ""
    standing = f", {snapshot.standing}" if snapshot.standing else ""
    return (
        f"{snapshot.run_name}: {snapshot.done} of {snapshot.total} trials done{failed}, "
        f"{len(snapshot.active)} running, {show.percent(share(snapshot), 0)} of the images{at}, "
        f"time left {show.duration(left)}{standing}"
    )


def ended_line(end: TrialEnd) -> str:
    """A trial's end in one line."""
    parts = [f"{end.status} {end.name}, seed {end.seed} ({end.key})"]
    if end.kid is not None:
        parts.append(f"KID × 10³ {show.kid(end.kid)}")
    if end.seconds is not None:
        parts.append(show.duration(end.seconds))
    if end.message:
        parts.append(last_line(end.message))
    return ", ".join(parts)
