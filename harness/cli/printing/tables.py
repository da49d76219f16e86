"""What all printed tables share: columns, sizes, colours of verdicts."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table

VERDICTS = {"better": "bold blue", "worse": "bold yellow"}


def new_table(columns: Sequence[str], right: Sequence[str] = ()) -> Table:
    """An empty table; columns in `right` are set to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        justify: Any = "right" if name in right else "left"
        table.add_column(name, justify=justify, overflow="fold")
    return table
