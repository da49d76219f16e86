"""Common parts of printed tables: columns, sizes, colours of verdicts."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table

VERDICTS = {"better": "bold blue", "worse": "bold yellow"}


def size(count: int) -> str:
    """A number of bytes with a unit."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count} {unit}"
        count = round(count / 1000)
    return f"{count} GB"


def counted(count: int, noun: str) -> str:
    """A count with its noun, without pandas."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def new_table(columns: Sequence[str], right: Sequence[str] = ()) -> Table:
    """An empty table; columns in `right` are right-aligned."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        justify: Any = "right" if name in right else "left"
        table.add_column(name, justify=justify, overflow="fold")
    return table
