"""Common parts of printed tables: columns, sizes, colours of verdicts."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from harness.core.format import shorten

LEAST = 8  # letters that a name keeps
VERDICTS = {"better": "bold blue", "worse": "bold yellow"}


class Whole:
    """Parts that are never broken: as many on a line as there is room for."""

    def __init__(self, *parts: str) -> None:
        self.parts = parts

    def least(self, part: str) -> int:
        """Letters that a part needs."""
        return len(part)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        least = max(map(self.least, self.parts), default=0)
        return Measurement(least, len(" ".join(self.parts)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines: list[str] = []
        for part in (shorten(part, options.max_width) for part in self.parts):
            if lines and len(lines[-1]) + 1 + len(part) <= options.max_width:
                lines[-1] += f" {part}"
            else:
                lines.append(part)
        yield Text("\n".join(lines), no_wrap=True)


class Name(Whole):
    """Names: where room is short the middle of each goes, since names differ at both ends."""

    def least(self, part: str) -> int:
        """Letters that are left of a name."""
        return min(LEAST, len(part))


class _Words(Table):
    """A table whose columns are never narrower than their longest word."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for column in self.columns:
            cells = (console.measure(cell) for cell in (column.header, *column.cells))
            column.min_width = max(cell.minimum for cell in cells)
        yield from super().__rich_console__(console, options)


def new_table(columns: Sequence[str], right: Sequence[str] = ()) -> Table:
    """An empty table that breaks no word; columns in `right` hold numbers, right-aligned."""
    table = _Words(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        justify: Any = "right" if name in right else "left"
        table.add_column(Text(name), justify=justify, no_wrap=name in right)
    return table


def listing(rows: Sequence[tuple[str, str, str]]) -> Table:
    """Names, never cut, each with a text and a dim line below it."""
    table = _Words(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for name, text, below in rows:
        table.add_row(name, Text(text).append(f"\n{below}", "dim"))
    return table
