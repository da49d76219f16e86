"""How objects show themselves: one line as text, a table in a notebook."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.report.blocks import Block, Cell, Table, Text
from harness.report.html import fragment

LINE = 99  # characters of a `repr`


def line(kind: str, name: str, facts: Iterable[str]) -> str:
    """A `repr`: the kind of an object, its name, and facts as far as they fit."""
    known = ", ".join(fact for fact in facts if fact)
    text = textwrap.shorten(f"{name}: {known}", LINE - len(kind) - 2, placeholder=" …")
    return f"{kind}({text})"


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    """A table; columns that hold nothing but numbers are set to the right."""
    body = [list(row) for row in rows]
    numeric = [
        number
        for number in range(len(columns))
        if body and all(str(row[number]).lstrip("−+–<[ ")[:1].isdigit() for row in body)
    ]
    return Table(caption, columns, body, frozenset(numeric))


def page(title: str, sentences: Iterable[str], blocks: Iterable[Block]) -> str:
    """HTML for a notebook: a title, sentences, and tables without links to files."""
    shown: list[Block] = [Text(title, "lead"), *map(Text, filter(None, sentences))]
    shown += [replace(block, csv="") if isinstance(block, Table) else block for block in blocks]
    return fragment(shown)
