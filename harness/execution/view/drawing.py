"""The live view as lines of a terminal: names are folded, so nothing in which they differ is cut.

What has no room goes in this order: columns of a trial, the oldest ends, trials ("and n more").
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from harness.core import format as show
from harness.core.folding import Cell, Name, prose
from harness.execution.view.progress import Snapshot, TrialEnd, TrialProgress

LAST = 5  # ended trials shown, as far as a quarter of the height holds them
_SENTENCE = 2  # lines of a notice or message; more is left out
_STYLES = {
    "finished": "green",
    "diverged": "yellow",
    "pruned": "dim",
    "crashed": "red",
    "lost": "red",
}
_MARKS = {"finished": "✓", "diverged": "!", "pruned": "–", "crashed": "✗", "lost": "✗"}
_INDENT = "  "


def draw(
    snapshot: Snapshot, left: float | None, width: int, height: int, notice: str = ""
) -> RenderableType:
    """The live view for a terminal of `width` × `height` characters."""
    lines = [*_header(snapshot, left, width), *_sentence(notice, width, "bold yellow")]
    ended = _ended(snapshot.ended[-LAST:], width, max(2, height // 4))
    # the last line of the terminal is the cursor's
    room = height - 1 - len(lines) - (len(ended) + 1 if ended else 0)
    if snapshot.active:
        lines += [Text(""), *_active(snapshot.active, width, room - 1)]
    if ended:
        lines += [Text(""), *ended]
    return Group(*lines)


def share(snapshot: Snapshot) -> float:
    """Of the images of the plan, which part has been shown."""
    return min(1.0, snapshot.images / snapshot.images_total) if snapshot.images_total else 0.0


def failures(snapshot: Snapshot) -> list[str]:
    """Trials that ended badly so far, those of earlier starts left out."""
    counts = {"diverged": snapshot.diverged, "crashed": snapshot.crashed}
    return [f"{number} {name}" for name, number in counts.items() if number]


def last_line(message: str) -> str:
    """Of an exception's text the line that names it."""
    lines = message.strip().splitlines()
    return lines[-1] if lines else ""


def _header(snapshot: Snapshot, left: float | None, width: int) -> Iterator[Text]:
    """Facts, as many on a line as there is room for, and a bar."""
    facts: list[Cell] = [
        Name(snapshot.run_name, style="bold"),
        Cell(f"{snapshot.done}/{snapshot.total} trials"),
        *(Cell(failure, style="red") for failure in failures(snapshot)),
        Cell(f"{len(snapshot.active)} running", style="dim"),
    ]
    if snapshot.standing:
        facts.append(prose(snapshot.standing, "dim"))
    yield from _flow(facts, width)
    words = f"{show.percent(share(snapshot), 0)}  time left {show.duration(left)}"
    yield _bar(share(snapshot), max(1, width - len(words) - 1)) + Text(f" {words}")


def _flow(cells: Sequence[Cell], width: int, indent: str = "") -> Iterator[Text]:
    """Cells one after the other, each whole on a line if it fits on one at all."""
    line = Text(indent)
    for cell in cells:
        gap = _INDENT if line.plain != indent else ""
        if cell_len(line.plain + gap) + cell.most <= width:
            line = line + gap + cell.lines(cell.most or 1)[0]
            continue
        if line.plain != indent:
            yield line
        *full, last = cell.lines(width - len(indent))
        yield from (Text(indent) + text for text in full)
        line = Text(indent) + last
    yield line


def _sentence(text: str, width: int, style: str, indent: str = "") -> list[Text]:
    """A sentence in at most two lines, with a sign where there was more."""
    if not text:
        return []
    room = width - len(indent)
    lines = prose(text, style).lines(room)
    if len(lines) > _SENTENCE:
        lines = lines[:_SENTENCE]
        end = f" {show.ELLIPSIS}"
        lines[-1] = prose(lines[-1].plain, style).lines(max(1, room - len(end)))[0] + end
    return [Text(indent) + line for line in lines]


def _bar(part: float, width: int) -> Text:
    done = round(part * width)
    return Text("━" * done, "cyan") + Text("─" * (width - done), "dim")


class _Column(NamedTuple):
    """A column of the table of active trials."""

    title: str
    width: int
    from_width: int  # of the terminal: narrower ones do without
    text: Callable[[TrialProgress], str]
    words: bool = False  # to the left, where numbers are to the right

    def aligned(self, text: Text) -> Text:
        """A line of the column."""
        space = Text(" " * (self.width - cell_len(text.plain)))
        return text + space if self.words else space + text


def _of(kimg: float, total: float) -> str:
    return f"{show.number(kimg, 0)}/{show.number(total, 0)}"


_COLUMNS = (  # right of name, seed and bar
    _Column("phase", 10, 60, lambda trial: trial.phase, words=True),
    _Column("kimg", 11, 84, lambda trial: _of(trial.kimg, trial.kimg_total)),
    _Column("KID×10³", 7, 32, lambda trial: show.kid(trial.kid)),
    _Column("img/s", 6, 94, lambda trial: show.rate(trial.images_per_second)),
    _Column("left", 11, 49, lambda trial: show.duration(trial.seconds_left)),
    _Column("node", 16, 110, lambda trial: trial.node, words=True),
)
_GAP = 2  # between columns
_SEED = 4
_BAR = 8  # at least 4, where names need the room
_NARROWEST = 4


class _Layout(NamedTuple):
    """Widths of name and bar, and the columns that have room next to them."""

    name: int
    bar: int
    columns: Sequence[_Column]

    @classmethod
    def fitting(cls, names: Sequence[Name], columns: Sequence[_Column], width: int) -> "_Layout":
        """Names get two lines if they need them, and more only where the terminal is too narrow.

        For that columns give way, the least telling first.
        """
        columns = [column for column in columns if width >= column.from_width]
        longest = max(name.most for name in names)
        least = max(name.least for name in names)
        most = max(least, 2 * width // 5)
        wanted = next((w for w in range(least, most) if _lines(names, w) < 3), most)
        while True:
            taken = sum(column.width + _GAP for column in columns)
            free = width - _SEED - 2 * _GAP - taken  # for name and bar
            if free >= wanted + _NARROWEST or not columns:
                break
            columns.remove(max(columns, key=lambda column: column.from_width))
        name = max(1, min(longest, max(wanted, free - _BAR), free - 1))
        return cls(name, max(1, free - name), columns)


def _lines(names: Sequence[Name], width: int) -> int:
    return max(len(name.lines(width)) for name in names)


def _active(trials: Sequence[TrialProgress], width: int, room: int) -> list[Text]:
    """A head and one row a trial, in `room` lines, and how many have none."""
    columns = [column for column in _COLUMNS if any(map(column.text, trials))]
    names = [Name.of(name) for name in {_named(trial) for trial in trials}]
    layout = _Layout.fitting(names, columns, width)
    rows = [_row(trial, layout) for trial in trials]
    shown: list[Text] = []
    for number, row in enumerate(rows):
        rest = len(rows) - number
        if len(shown) + len(row) + (rest > 1) > room - 1:
            return [*_head(layout, shown), *shown, Text(f"  and {rest} more", "dim")]
        shown += row
    return [*_head(layout, shown), *shown]


def _head(layout: _Layout, shown: Sequence[Text]) -> list[Text]:
    titles = [column.aligned(Text(column.title)) for column in layout.columns]
    fixed = (f"{'cell':{layout.name}}", f"{'seed':>{_SEED}}", " " * layout.bar)
    line = Text(" " * _GAP).join([*map(Text, fixed), *titles])
    line.rstrip()
    line.stylize("dim")
    return [line] if shown else []


def _row(trial: TrialProgress, layout: _Layout) -> list[Text]:
    """The lines of a trial, as many as its name or the name of its node takes."""
    part = min(1.0, trial.kimg / trial.kimg_total) if trial.kimg_total else 0.0
    fixed = (
        (Name.of(_named(trial)).lines(layout.name), layout.name),
        ([Text(f"{trial.seed:{_SEED}}")], _SEED),
        ([_bar(part, layout.bar)], layout.bar),
    )
    cells = [
        [line + " " * (width - cell_len(line.plain)) for line in lines] for lines, width in fixed
    ]
    for column in layout.columns:
        cells.append(
            [column.aligned(line) for line in Name.of(column.text(trial)).lines(column.width)]
        )
    widths = [cell_len(lines[0].plain) for lines in cells]
    rows = zip_longest(*cells)
    return [_joined(row, widths) for row in rows]


def _joined(row: Sequence[Text | None], widths: Sequence[int]) -> Text:
    line = Text(" " * _GAP).join(
        Text(" " * width) if text is None else text for text, width in zip(row, widths, strict=True)
    )
    line.rstrip()
    return line


def _named(trial: TrialProgress) -> str:
    return f"{trial.name} (try\u00a0{trial.attempt})" if trial.attempt > 1 else trial.name


def _ended(ends: Sequence[TrialEnd], width: int, room: int) -> list[Text]:
    """The last ends, the newest first, as far as `room` lines hold them."""
    if not ends:
        return []
    names = [Name.of(end.name) for end in ends]
    facts = 2 + _GAP + _SEED + sum(_GAP + size for size in (_KID, _TIME))
    least, longest = max(name.least for name in names), max(name.most for name in names)
    label = min(longest, max(least, width - facts), width - 2 - _GAP - _SEED)
    lines: list[Text] = []
    for name, end in zip(reversed(names), reversed(ends), strict=True):
        entry = list(_end(name, end, label, width))
        if len(lines) + len(entry) > room:
            break
        lines += entry
    return lines


_KID, _TIME = 14, 11  # characters of a score and of a duration


def _end(name: Name, end: TrialEnd, label: int, width: int) -> Iterator[Text]:
    style = _STYLES.get(end.status, "")
    first, *others = name.lines(max(1, label))
    line = Text.assemble((f"{_MARKS.get(end.status, '·')} ", style), first)
    line.append(" " * (label - cell_len(first.plain)) + f"  {end.seed:{_SEED}}")
    facts = [
        Cell(f"KID×10³ {show.kid(end.kid):>6}") if end.kid is not None else None,
        Cell(f"{show.duration(end.seconds):>{_TIME}}") if end.seconds is not None else None,
    ]
    below: list[Cell] = []
    for fact in filter(None, facts):
        if not below and cell_len(line.plain) + _GAP + fact.most <= width:
            line = line + _INDENT + fact.lines(fact.most)[0]
        else:
            below.append(fact)
    yield line
    yield from (Text(_INDENT) + other for other in others)
    if below:
        yield from _flow(below, width, _INDENT)
    if end.status != "finished" or end.message:
        yield from _sentence(f"{end.status}: {last_line(end.message)}", width, style, _INDENT)
