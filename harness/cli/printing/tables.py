"""Common parts of printed tables: columns, sizes, colours of verdicts."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from harness.core.format import shorten

LEAST = 12  # letters that a name keeps
VERDICTS = {"better": "bold blue", "worse": "bold yellow"}


class Name:
    """A name on one line: where room is short its middle goes, since names differ at both ends."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(LEAST, len(self.text)), len(self.text))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(shorten(self.text, options.max_width), no_wrap=True)


def new_table(columns: Sequence[str], right: Sequence[str] = ()) -> Table:
    """An empty table; columns in `right` are right-aligned."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        justify: Any = "right" if name in right else "left"
        table.add_column(name, justify=justify, overflow="fold")
    return table
