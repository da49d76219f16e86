"""Blocks that sections consist of; templates turn them into HTML and Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from harness.report.sketch import Sketch


@dataclass(frozen=True)
class Tag:
    """A word that carries a meaning (better, worse, supported, diverged ...), and the reason."""

    text: str
    tone: str  # good, bad, equal, neutral
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
    """A paragraph; `tone`: plain, note, warning, lead, remark, measured, quote (to be pasted)."""

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
    """A figure, with what it says in words.

    From `numbers`, if there are any, the page's script draws it where a reader can ask it.
    """

    kind: ClassVar[str] = "figure"
    name: str
    draw: Sketch = field(repr=False)
    alt: str
    caption: str
    numbers: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Picture:
    """One image with what is written below it; `name` and `png` are its file, where it has one."""

    caption: str
    alt: str
    webp: bytes = field(repr=False)
    name: str = ""
    png: bytes = field(default=b"", repr=False)
    moment: float = 0.0  # when in a film it is due
    still: bool = True  # is seen while the film stands


@dataclass(frozen=True)
class Strip:
    """Pictures of one thing, side by side."""

    label: str
    colour: str
    pictures: Sequence[Picture]
    real: bool = False  # of real images, with which the others are compared


@dataclass(frozen=True)
class Gallery:
    """A strip a row. A film has a control that shows one moment of all strips at a time."""

    kind: ClassVar[str] = "gallery"
    title: str
    strips: Sequence[Strip]
    film: bool = False
    name: str = ""  # of a PNG that holds the gallery, for papers; none without
    sheet: bytes = field(default=b"", repr=False)
    alt: str = ""

    @property
    def files(self) -> dict[str, bytes]:
        """Name → PNG: what it puts among the figures."""
        sheets = {self.name: self.sheet} if self.name else {}
        pictures = [picture for strip in self.strips for picture in strip.pictures]
        return sheets | {picture.name: picture.png for picture in pictures if picture.name}

    @property
    def columns(self) -> int:
        """Pictures of the longest strip that are seen while nothing moves."""
        return max(sum(p.still for p in strip.pictures) for strip in self.strips)


Block = Heading | Text | Items | Numbers | Table | Terms | Code | Figure | Gallery
