"""What a section is made of; templates turn blocks into HTML and Markdown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from harness.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas


@dataclass(frozen=True)
class Tag:
    """A word that carries a meaning (better, worse, supported, diverged ...), and the reason."""

    text: str
    tone: str  # good, bad, neutral
    detail: str = ""


@dataclass(frozen=True)
class Label:
    """A name with what it stands for, in smaller print."""

    text: str
    detail: str


Cell = str | Tag | Label


@dataclass(frozen=True)
class Heading:
    """The title of a section; `name` is its anchor."""

    kind: ClassVar[str] = "heading"
    title: str
    name: str


@dataclass(frozen=True)
class Text:
    """A paragraph; `tone` is plain, note, warning or lead."""

    kind: ClassVar[str] = "text"
    text: str
    tone: str = "plain"


@dataclass(frozen=True)
class Items:
    """A titled list of sentences; `folded` shows how many, and all of them when opened."""

    kind: ClassVar[str] = "items"
    title: str
    items: Sequence[str]
    tone: str = "plain"
    folded: bool = False


@dataclass(frozen=True)
class Numbers:
    """A few numbers at a glance: what it is, the number, and what to know of it."""

    kind: ClassVar[str] = "numbers"
    numbers: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Table:
    """A captioned table; `numeric` columns are set to the right, `csv` holds all digits."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numeric: frozenset[int] = frozenset()
    csv: str = ""
    folded: bool = False
    grouped: bool = False  # rows that share their first cell follow each other


@dataclass(frozen=True)
class Terms:
    """Names and what they are; `folded` hides them behind the title until opened."""

    kind: ClassVar[str] = "terms"
    title: str
    terms: Sequence[tuple[str, str]]
    folded: bool = False


@dataclass(frozen=True)
class Code:
    """Commands to copy."""

    kind: ClassVar[str] = "code"
    text: str


@dataclass(frozen=True)
class Figure:
    """A figure for paper (`drawing`) and for phones (`narrow`), with what it says in words."""

    kind: ClassVar[str] = "figure"
    name: str
    alt: str
    caption: str
    drawing: style.Drawing
    narrow: str


@dataclass(frozen=True)
class Picture:
    """One PNG with its label, and when in training it was made."""

    name: str
    label: str
    when: str
    colour: str
    alt: str
    png: bytes = field(repr=False)


@dataclass(frozen=True)
class Gallery:
    """Pictures side by side."""

    kind: ClassVar[str] = "gallery"
    title: str
    pictures: Sequence[Picture]


Block = Heading | Text | Items | Numbers | Table | Terms | Code | Figure | Gallery


def figure(name: str, draw: Callable[[float], "Canvas"], alt: str, caption: str) -> Figure:
    """Draw a figure at both widths."""
    return Figure(name, alt, caption, style.drawing(draw), style.svg(draw, style.NARROW))
