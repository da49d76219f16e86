"""Blocks as HTML: one page, everything inside it, nothing asked of any server."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.core import format as show
from harness.heuristics.sources import addressed
from harness.report.blocks import Block, Figure, Heading
from harness.report.inks import THEME, inked
from harness.report.joined import join, unparted

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS, CURVES = ("page.js", "download.js"), ("plane.js", "curves.js")
ROOM = 4_000_000  # characters of tables, of which a page packs four into one
FILTER_FROM = 8  # rows of a table that is worth a filter


class Front(NamedTuple):
    """Header and contents of a page, around its sections."""

    name: str
    title: str
    question: str
    facts: Sequence[str]  # beside the name: profile, how many cells …
    flags: Sequence[str]  # what to know before anything is read


def render_html(front: Front, blocks: Sequence[Block], tables: Mapping[str, str]) -> str:
    """A page of sections; `tables`: path → CSV, which the page hands out where it has room."""
    carried = _carried(tables)
    answers = any(isinstance(block, Figure) and block.numbers for block in blocks)
    return filled(
        "page.html.j2",
        front=front,
        blocks=blocks,
        headings=[block for block in blocks if isinstance(block, Heading)],
        filter_from=FILTER_FROM,
        tables=list(carried),
        large=[path for path in tables if path not in carried],
        packed=packed(carried),
        **scripted(*SCRIPTS, *(CURVES if answers else ())),
    )


def scripted(*names: str) -> dict[str, str]:
    """Scripts of ours as one, and its digest, for a template: no other may run in the page."""
    script = "".join(map(_own, names))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"script": Markup(script), "script_digest": digest}


def _carried(tables: Mapping[str, str]) -> dict[str, str]:
    """Tables that the page holds: the smallest first, as long as there is room."""
    carried, room = {}, ROOM
    for path, text in sorted(tables.items(), key=lambda item: len(item[1])):
        room -= len(text)
        if room >= 0:
            carried[path] = text
    return {path: text for path, text in tables.items() if path in carried}


def packed(tables: Mapping[str, str]) -> str:
    """Path → CSV as JSON, gzip and base64: a quarter of their size. The same tables give the same.

    `download.js` opens it.
    """
    return base64.b64encode(gzip.compress(json.dumps(tables).encode(), mtime=0)).decode()


def fragment(blocks: Sequence[Block]) -> str:
    """Blocks for a notebook, which has a page around them already."""
    return filled("notebook.html.j2", blocks=blocks, filter_from=FILTER_FROM)


def filled(template: str, **values: Any) -> str:
    """A template of ours with its values; text is escaped, and the style is in it."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["themed"] = themed
    environment.filters["data_uri"] = data_uri
    environment.filters["breakable"] = breakable
    environment.filters["together"] = together
    environment.filters["labelled"] = labelled
    environment.filters["prose"] = prose
    environment.filters["linked"] = linked
    environment.filters["counted"] = show.count
    environment.filters["inked"] = inked
    # ours, and no text of anybody else is in it
    page = environment.get_template(template).render(css=Markup(_own("style.css")), **values)
    return join(page)


def _own(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")


def themed(svg: str, prefix: str) -> Markup:
    """A figure for the page: inks follow the page's theme, ids are its own, size is the page's."""
    for colour in THEME:
        svg = svg.replace(colour, inked(colour))
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    head, rest = svg.split(">", 1)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head)
    # text in figures is escaped by matplotlib
    return Markup(f'{head} aria-hidden="true">{rest}')


def breakable(text: str) -> Markup:
    """Text whose long names may break after `_`, `=` and `.`, and not amid a word or number.

    What explains a source where it is first named is a link to it.
    """
    link = Markup('<a href="{}">{}</a>').format
    pieces = (
        (address, Markup("<wbr>").join(show.parts(piece))) for piece, address in addressed(text)
    )
    return Markup("").join(link(*piece) if piece[0] else piece[1] for piece in pieces)


def together(words: Markup) -> Markup:
    """Words as one element: on a phone the parts of a cell are laid out apart.

    Several words, or such as have a hyphen, may get elements as `join` goes over the page.
    """
    several = any(sign in words for sign in "< -")
    return Markup("<span>{}</span>").format(words) if several else words


def labelled(text: str) -> str:
    """The same for an attribute that the style sheet prints, which holds no element."""
    return "\u200b".join(show.parts(unparted(text)))


def prose(text: str) -> Markup:
    """A sentence that may break as `breakable` says, with what is code set as code.

    Code breaks between words alone: an option would not be one after a break in its dashes.
    """
    word = Markup("<span>{}</span>").format
    return Markup("").join(
        Markup("<code>{}</code>").format(Markup(" ").join(map(word, piece.split(" "))))
        if code
        else breakable(piece)
        for piece, code in show.marked(text)
    )


def linked(text: str) -> Markup:
    """The same as `breakable`, with addresses that a reader may follow; no page asks for them."""
    link = Markup('<a href="{0}">{0}</a>').format
    return Markup("").join(
        link(piece) if address else breakable(piece) for piece, address in show.addresses(text)
    )


def data_uri(webp: bytes) -> str:
    """A picture as an address that holds it."""
    return f"data:image/webp;base64,{base64.b64encode(webp).decode()}"
