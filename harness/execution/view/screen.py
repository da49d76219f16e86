"""The view of a run: a live table in a terminal or notebook, else plain lines."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from harness.core import format as show
from harness.core.rest import Rest
from harness.execution.view.notebook import Output
from harness.execution.view.pace import Pace
from harness.execution.view.progress import Snapshot, TrialEnd, TrialProgress

REFRESH = 0.5  # seconds between two looks
RARE = 20.0  # times as long as a look took, until the next
LINE = 30.0  # seconds between two progress lines without a terminal
LAST = 5  # ended trials shown
_STYLES = {
    "finished": "green",
    "diverged": "yellow",
    "pruned": "dim",
    "crashed": "red",
    "lost": "red",
}
_MARKS = {"finished": "✓", "diverged": "!", "pruned": "–", "crashed": "✗", "lost": "✗"}


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
    # no refresh thread: workers are forked from this process
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
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
                self._say(f"started {trial.cell} seed {trial.seed} ({trial.key}{more})")
        for end in snapshot.ended[self._ended :]:
            self._say(ended_line(end))
        self._ended = len(snapshot.ended)

    def _say(self, line: str) -> None:
        # not by the console, which takes as long for a line as the queue for a trial
        print(line, file=self._console.file, flush=True)


def summary(snapshot: Snapshot, left: float | None) -> str:
    """The study in one line."""
    failed = "".join(f", {failure}" for failure in _failures(snapshot))
    speed = [trial.images_per_second for trial in snapshot.active if trial.images_per_second]
    at = f", {show.rate(sum(speed))} images/s" if speed else ""
    standing = f", {snapshot.standing}" if snapshot.standing else ""
    return (
        f"{snapshot.run_name}: {snapshot.done} of {snapshot.total} trials done{failed}, "
        f"{len(snapshot.active)} running, {show.percent(_share(snapshot), 0)} of the images{at}, "
        f"time left {show.duration(left)}{standing}"
    )


def ended_line(end: TrialEnd) -> str:
    """A trial's end in one line."""
    parts = [f"{end.status} {end.cell} seed {end.seed} ({end.key})"]
    if end.kid is not None:
        parts.append(f"KID × 10³ {show.kid(end.kid)}")
    if end.seconds is not None:
        parts.append(show.duration(end.seconds))
    if end.message:
        parts.append(_last_line(end.message))
    return ", ".join(parts)


def draw(
    snapshot: Snapshot, left: float | None, width: int, height: int, notice: str = ""
) -> RenderableType:
    """The live view for a terminal of `width` × `height` characters."""
    ended = snapshot.ended[-min(LAST, max(1, height // 5)) :]
    # facts, bar, notice, blank, table head, "and n more", blank, and the cursor's line
    rows = max(1, height - 8 - len(ended))
    parts: list[RenderableType] = [_header(snapshot, left, width)]
    if notice:
        parts.append(Text(notice, style="bold yellow", no_wrap=True, overflow="ellipsis"))
    if snapshot.active:
        parts.append(Text(""))
        parts.append(_active(snapshot.active[:rows], width))
    if len(snapshot.active) > rows:
        parts.append(Text(f"  and {len(snapshot.active) - rows} more", style="dim"))
    if ended:
        parts.append(Text(""))
        parts.append(_ended(ended, width))
    return Group(*parts)


def _failures(snapshot: Snapshot) -> list[str]:
    """Trials that ended badly so far, those of earlier starts left out."""
    counts = {"diverged": snapshot.diverged, "crashed": snapshot.crashed}
    return [f"{number} {name}" for name, number in counts.items() if number]


def _share(snapshot: Snapshot) -> float:
    return min(1.0, snapshot.images / snapshot.images_total) if snapshot.images_total else 0.0


def _header(snapshot: Snapshot, left: float | None, width: int) -> RenderableType:
    facts = Text(no_wrap=True, overflow="ellipsis")
    facts.append(show.shorten(snapshot.run_name, max(12, width // 3)), style="bold")
    facts.append(f"  {snapshot.done}/{snapshot.total} trials")
    for failure in _failures(snapshot):
        facts.append(f"  {failure}", style="red")
    facts.append(f"  {len(snapshot.active)} running", style="dim")
    if snapshot.standing:
        facts.append(f"  {snapshot.standing}", style="dim")
    row = Table.grid(expand=True, padding=(0, 1))
    row.add_column(ratio=1)
    row.add_column(justify="right", no_wrap=True)
    row.add_row(
        ProgressBar(total=1.0, completed=_share(snapshot)),
        f"{show.percent(_share(snapshot), 0)}  time left {show.duration(left)}",
    )
    return Group(facts, row)


class _Column(NamedTuple):
    """A column of the table of active trials."""

    title: str
    width: int
    from_width: int  # of the terminal: narrower ones do without
    text: Callable[[TrialProgress], str]


def _of(kimg: float, total: float) -> str:
    return f"{show.number(kimg, 0)}/{show.number(total, 0)}"


_COLUMNS = (  # right of cell and seed; the bar stands between the first and the others
    _Column("phase", 10, 60, lambda trial: trial.phase),
    _Column(
        "kimg",
        11,
        84,
        lambda trial: _of(trial.kimg, trial.kimg_total),
    ),
    _Column("KID×10³", 7, 32, lambda trial: show.kid(trial.kid)),
    _Column("img/s", 6, 94, lambda trial: show.rate(trial.images_per_second)),
    _Column("left", 10, 49, lambda trial: show.duration(trial.seconds_left)),
    _Column("node", 16, 110, lambda trial: trial.node),
)
_GAP = 2  # between columns
_SEED = 4
_BAR = 10


def _active(trials: tuple[TrialProgress, ...], width: int) -> RenderableType:
    """One row a trial. Columns that a narrow terminal cannot hold go, the least telling first."""
    columns = [column for column in _COLUMNS if width >= column.from_width]
    columns = [column for column in columns if any(map(column.text, trials))]
    free = width - _SEED - 3 * _GAP - sum(column.width + _GAP for column in columns)
    longest = max(len(trial.cell) + len(_again(trial)) for trial in trials)
    label = max(6, min(longest, free - _BAR))
    table = Table(box=None, padding=(0, _GAP, 0, 0), collapse_padding=True, pad_edge=False)
    table.header_style = "dim"
    table.add_column("cell", width=label, no_wrap=True)
    table.add_column("seed", width=_SEED, no_wrap=True, justify="right")
    phase = [column for column in columns if column.title == "phase"]
    others = [column for column in columns if column.title != "phase"]
    for column in phase:
        table.add_column(column.title, width=column.width, no_wrap=True)
    table.add_column("", width=max(1, free - label), no_wrap=True)
    for column in others:
        table.add_column(column.title, width=column.width, no_wrap=True, justify="right")
    spare = max(len(_again(trial)) for trial in trials) if label >= 16 else 0
    names = show.shorten_apart([trial.cell for trial in trials], label - spare)
    for trial in trials:
        bar = ProgressBar(total=max(trial.kimg_total, 1e-9), completed=trial.kimg)
        table.add_row(
            Text(names[trial.cell] + (_again(trial) if spare else "")),
            str(trial.seed),
            *(Text(column.text(trial)) for column in phase),
            bar,
            *(Text(column.text(trial)) for column in others),
        )
    return table


def _again(trial: TrialProgress) -> str:
    return f" (try {trial.attempt})" if trial.attempt > 1 else ""


def _ended(ends: tuple[TrialEnd, ...], width: int) -> RenderableType:
    """One line a trial, the newest first; what does not fit falls off its end."""
    label = min(max(len(end.cell) for end in ends), max(8, width // 3))
    names = show.shorten_apart([end.cell for end in ends], label)
    return Group(*(_ended_text(end, f"{names[end.cell]:{label}}") for end in reversed(ends)))


def _ended_text(end: TrialEnd, name: str) -> Text:
    style = _STYLES.get(end.status, "")
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{_MARKS.get(end.status, '·')} ", style=style)
    line.append(f"{name}  {end.seed:{_SEED}}  ")
    if end.kid is not None:
        line.append(f"KID×10³ {show.kid(end.kid):>6}  ")
    if end.seconds is not None:
        line.append(f"{show.duration(end.seconds):>10}  ")
    if end.status != "finished" or end.message:
        line.append(f"{end.status}: {_last_line(end.message)}", style=style)
    return line


def _last_line(message: str) -> str:
    """Of an exception's text the line that names it."""
    lines = message.strip().splitlines()
    return lines[-1] if lines else ""
