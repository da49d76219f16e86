"""Style of all figures: fonts, inks, and how a figure becomes SVG and PNG.

Seaborn's theme under our inks; no figure is pyplot's, so nothing is global, and no window system
is asked for.
"""

import re
from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any

import matplotlib as mpl
import matplotlib.figure
import seaborn as sns

from harness.report.inks import INK, MUTED, RULE
from harness.report.plots.marks import NARROW, WIDE
from harness.report.sketch import Drawing

PRINT, SCREEN = 200, 110  # dots per inch

_OURS = {
    "svg.fonttype": "none",  # text stays text: small, searchable, in the page's font
    "svg.hashsalt": "harness",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # ticks are below: matplotlib need not look for room, a tenth of its time
    "axes.titlecolor": INK,
    "axes.labelsize": 8.5,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.8,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "text.color": INK,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.bottom": True,
    "xtick.major.size": 3,
    "xtick.major.width": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
# Any: the keys of matplotlib's stubs are a literal type of its own
_SETTINGS: Any = {**sns.plotting_context("paper"), **sns.axes_style("whitegrid"), **_OURS}


class Figure(matplotlib.figure.Figure):
    """A figure that notebooks show by itself, whether or not pyplot is in use."""

    def _repr_png_(self) -> bytes:
        with mpl.rc_context(_SETTINGS):
            return _png(self, SCREEN)


def canvas(build: Callable[[float], Figure]) -> Figure:
    """Draw as wide as a page; the figure itself, to be changed or saved."""
    with mpl.rc_context(_SETTINGS):
        return build(WIDE)


def svg(build: Callable[[float], Figure], width: float) -> str:
    """Draw at a width in inches; the SVG without its XML prologue, transparent."""
    with mpl.rc_context(_SETTINGS):
        return _svg(build(width))


def drawing(build: Callable[[float], Figure]) -> Drawing:
    """Draw as wide as a page, as SVG and as PNG (200 dpi, white)."""
    with mpl.rc_context(_SETTINGS):
        figure = build(WIDE)
        vector = _svg(figure)
        return Drawing(vector, _png(figure))


def narrow(build: Callable[[float], Figure]) -> str:
    """Draw as wide as a phone, as SVG."""
    return svg(build, NARROW)


def _png(figure: Figure, dpi: int = PRINT) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="png", dpi=dpi, facecolor="white")
    return file.getvalue()


def _svg(figure: Figure) -> str:
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        # or each save would lay out, and draw, once more; set_layout_engine("none") leaves an
        # engine that does nothing, for which each save draws twice, too
        vars(figure)["_layout_engine"] = None
    text = StringIO()
    blank = dict.fromkeys(("Date", "Creator", "Format", "Type"))  # nothing that changes by the day
    figure.savefig(text, format="svg", transparent=True, metadata=blank)
    lean = re.sub(r' d="[^"]*"', _rounded, text.getvalue())
    return lean[lean.index("<svg") :]


def _rounded(path: re.Match[str]) -> str:
    """Coordinates to a hundredth of a point: half the bytes, and nothing that an eye sees."""
    return re.sub(r"(?<=\.\d\d)\d+", "", path[0])
