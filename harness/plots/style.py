"""What all figures share: inks, one colour a cell, sizes, and how a figure becomes SVG and PNG.

Drawn without pyplot, so nothing is global and no window system is asked for.
"""

from collections.abc import Callable, Sequence
from io import BytesIO, StringIO
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure

INK, MUTED, RULE = "#1c1d21", "#6b6e75", "#dcd9d0"
BETTER, WORSE = "#0072b2", "#d55e00"
REFERENCE = "#7d7f86"
# Okabe & Ito's palette without black and yellow: told apart with colour blindness and in print
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES = ("-", "--", ":", "-.")
WIDE, NARROW = 7.4, 3.7  # inches: a page, a phone

_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text: small, searchable, in the page's font
    "svg.hashsalt": "harness",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelsize": 8.5,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "text.color": INK,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8,
}


class Look(NamedTuple):
    """How a cell's lines look, the same in every figure."""

    colour: str
    dash: str


class Drawing(NamedTuple):
    """One figure, for papers and for a page."""

    svg: str
    png: bytes


def looks(cells: Sequence[str], reference: str) -> dict[str, Look]:
    """Cell → look; the reference is grey, and dashes tell apart cells beyond the palette."""
    others = [cell for cell in cells if cell != reference]
    count = len(PALETTE)
    named = {
        cell: Look(PALETTE[n % count], DASHES[(n // count) % len(DASHES)])
        for n, cell in enumerate(others)
    }
    return {reference: Look(REFERENCE, "-"), **named}


def svg(build: Callable[[float], Figure], width: float) -> str:
    """Draw at a width in inches; the SVG without its XML prologue, transparent."""
    with mpl.rc_context(_SETTINGS):
        text = StringIO()
        build(width).savefig(
            text, format="svg", bbox_inches="tight", pad_inches=0.04, transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )  # fmt: skip
    return text.getvalue()[text.getvalue().index("<svg") :]


def drawing(build: Callable[[float], Figure], width: float = WIDE) -> Drawing:
    """Draw at a width in inches, as SVG and as PNG (200 dpi, white)."""
    with mpl.rc_context(_SETTINGS):
        png = BytesIO()
        figure = build(width)
        figure.savefig(png, format="png", dpi=200, bbox_inches="tight", facecolor="white")
    return Drawing(svg(build, width), png.getvalue())
