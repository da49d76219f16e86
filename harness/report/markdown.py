"""The report as Markdown, for people who read it in an editor or a code host."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.core import format as show
from harness.heuristics.sources import addressed
from harness.report.blocks import (
    Block,
    Cell,
    Code,
    Figure,
    Gallery,
    Heading,
    Items,
    Label,
    Numbers,
    Table,
    Tag,
    Terms,
    Text,
)
from harness.report.html import Front


def render_markdown(front: Front, blocks: Sequence[Block]) -> str:
    """Title, question, facts and all blocks; figures are linked from the folder."""
    facts = [_plain(fact) for fact in (front.name, *front.facts)]
    facts += [f"**{_plain(flag)}**" for flag in front.flags]
    parts = [f"# {_plain(front.title)}", _plain(front.question), " · ".join(facts)]
    parts += filter(None, (_WRITERS[block.kind](block) for block in blocks))
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is; what explains a source is a link to it."""
    pieces = ((_escaped(piece), address) for piece, address in addressed(text))
    return "".join(f"[{piece}]({address})" if address else piece for piece, address in pieces)


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_<>|\[\]#])", r"\\\1", text)


def _prose(text: str) -> str:
    """A sentence, with what is code as code."""
    return "".join(f"`{piece}`" if code else _plain(piece) for piece, code in show.marked(text))


def _text(block: Text) -> str:
    text = _prose(block.text)
    return {"lead": f"**{text}**", "plain": text, "remark": text}.get(block.tone, f"> {text}")


def _items(block: Items) -> str:
    return "\n".join(
        [f"**{_plain(block.title)}**", "", *(f"- {_prose(item)}" for item in block.items)]
    )


def _numbers(block: Numbers) -> str:
    return "\n".join(
        f"- {_plain(name)}: **{_plain(number)}**" + (f" ({_plain(detail)})" if detail else "")
        for name, number, detail in block.numbers
    )


def _cell(cell: Cell) -> str:
    text = cell if isinstance(cell, str) else cell.text
    if isinstance(cell, Label | Tag) and cell.detail:
        text = f"{cell.text} ({cell.detail})"
    return _plain(text).replace("\n", " ")


def _table(block: Table) -> str:
    rule = ["---:" if number in block.numeric else "---" for number in range(len(block.columns))]
    rows = [[_plain(column) for column in block.columns], rule]
    rows += [[_cell(cell) for cell in row] for row in block.rows]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    link = f" ([all digits]({block.csv}))" if block.csv else ""
    return "\n".join([f"*{_plain(block.caption)}*{link}", "", *lines])


def _terms(block: Terms) -> str:
    lines = [f"- {_plain(name)}: {_linked(meaning)}" for name, meaning in block.terms]
    return "\n".join([f"**{_plain(block.title)}**", "", *lines])


def _linked(text: str) -> str:
    """Text with addresses that a reader may follow: an escaped one would be another."""
    pieces = show.addresses(text)
    return "".join(f"<{piece}>" if address else _plain(piece) for piece, address in pieces)


def _figure(block: Figure) -> str:
    return f"![{_plain(block.alt)}](figures/{block.name}.png)\n\n*{_plain(block.caption)}*"


def _gallery(block: Gallery) -> str:
    alts = {picture.name: picture.alt for strip in block.strips for picture in strip.pictures}
    images = [f"![{_plain(alts.get(name, block.alt))}](figures/{name}.png)" for name in block.files]
    return "\n".join([f"**{_plain(block.title)}**", "", *images]) if images else ""


def _heading(block: Heading) -> str:
    return f"## {_plain(block.title)}"


def _code(block: Code) -> str:
    return f"```\n{block.text}\n```"


_WRITERS: Mapping[str, Callable[[Any], str]] = {
    Heading.kind: _heading,
    Text.kind: _text,
    Items.kind: _items,
    Numbers.kind: _numbers,
    Table.kind: _table,
    Terms.kind: _terms,
    Figure.kind: _figure,
    Gallery.kind: _gallery,
    Code.kind: _code,
}
