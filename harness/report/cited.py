"""The sources that a page names: who each is at its first mention, and all of them at the end."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from harness.heuristics.sources import SOURCES, introduced, mentioned
from harness.report.blocks import Block, Cell, Figure, Heading, Items, Label, Table, Terms, Text
from harness.report.html import Front

T = TypeVar("T", bound=Block)


def with_sources(front: Front, blocks: Sequence[Block]) -> tuple[Front, list[Block]]:
    """The page with each source explained where it is first named, and a section that lists them.

    Unchanged where none is named.
    """
    page = Introductions()
    front = front._replace(title=page.text(front.title), question=page.text(front.question))
    explained = [page.block(block) for block in blocks]
    if page.known:
        rows = [(name, SOURCES[name].full) for name in SOURCES if name in page.known]
        explained += [
            Heading("Sources", "sources"),
            Terms("Authors of the advice on this page", rows),
        ]
    return front, explained


class Introductions:
    """The sources that were named so far, from the top of a page to its end."""

    def __init__(self) -> None:
        self.known: list[str] = []

    def text(self, text: str) -> str:
        """A text with what is new in it explained."""
        new = introduced(text, self.known)
        self.known += mentioned(text)
        return new

    def block(self, block: T) -> T:
        """A block, explained in the order in which it is read; pictures and code name no source."""
        return replace(block, **dict(self._parts(block)))

    def _parts(self, block: Block) -> Iterator[tuple[str, Any]]:
        if isinstance(block, Text):
            yield "text", self.text(block.text)
        elif isinstance(block, Items):
            yield "title", self.text(block.title)
            yield "items", [self.text(item) for item in block.items]
        elif isinstance(block, Table):
            yield "caption", self.text(block.caption)
            yield "rows", [[self._cell(cell) for cell in row] for row in block.rows]
        elif isinstance(block, Terms):
            yield "title", self.text(block.title)
            yield "terms", [(self.text(name), self.text(text)) for name, text in block.terms]
        elif isinstance(block, Figure):
            yield "caption", self.text(block.caption)

    def _cell(self, cell: Cell) -> Cell:
        if isinstance(cell, Label):
            return replace(cell, text=self.text(cell.text), detail=self.text(cell.detail))
        return self.text(cell) if isinstance(cell, str) else cell
