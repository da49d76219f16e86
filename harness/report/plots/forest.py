"""Forest plot: the effect of each contrast, the intervals that decide, and every seed."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from harness.analysis import verdicts
from harness.analysis.rows import each_row
from harness.core import format as show
from harness.report.inks import EQUIVALENT, INK, MUTED, PAPER, RULE
from harness.report.plots.marks import MARKS, NARROW, UNDECIDED, blank, round_ticks, ticked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from harness.analysis.deciding import Span
    from harness.analysis.objectives import Objective
    from harness.report.plots.style import Figure

ROW, LINE = 0.52, 0.15  # inches: a row, and a further line of its title
ABOVE, SEEDS, BELOW = 0.08, 0.11, 0.16  # inches from a mark to its words, seeds, and their end
EDGE = 0.05  # inches from the edge of the figure to a title of a group
BASE = 0.17  # rows of a group from the middle of a line to where its letters stand
WORDS, NOTE = 7, 12  # points from a mark up to its words; a line of numbers below a title
FAR = 4  # times the median reach of the rows: what lies beyond is cut off, and marked
SIDE = 0.2  # share of the axis on either side of zero, at least: room for a word
HELPS, HURTS = "← helps", "hurts →"  # of all objectives the lower value is better
_NONE = (math.nan, math.nan)
_OPEN = (verdicts.EQUIVALENT, verdicts.INCONCLUSIVE)


class Row(NamedTuple):
    """One contrast in the objective's unit; intervals are NaN where there is none.

    `low` and `high` hold for all contrasts at once; `inner` is the interval that decides whether
    the effect is equivalent, NaN where that is not asked, and `margin` half the width of the zone
    in which it then is.
    """

    title: str
    note: str
    effect: float
    low: float
    high: float
    inner: "Span"
    margin: float
    verdict: str
    seeds: tuple[float, ...]


class Forest(NamedTuple):
    """Contrasts from top to bottom, and the range that is shown, in a unit."""

    rows: tuple[Row, ...]
    low: float
    high: float
    unit: str

    @property
    def bounded(self) -> bool:
        """Whether a zone of equivalence is known, so that it is drawn."""
        return any(row.margin > 0 for row in self.rows)

    @property
    def judged(self) -> bool:
        """Whether a verdict was asked for; otherwise neither side of zero is called good."""
        return any(row.verdict != verdicts.NOT_JUDGED for row in self.rows)

    @property
    def tested(self) -> bool:
        """Whether an interval of the tests of equivalence is drawn."""
        return any(math.isfinite(row.inner[0]) for row in self.rows)

    @property
    def crossing(self) -> bool:
        """Whether such an interval reaches beyond the other one of its row."""
        return any(row.inner[0] < row.low or row.inner[1] > row.high for row in self.rows)


def forest_info(
    ranking: pd.DataFrame,
    differences: Mapping[str, Sequence[float]],
    notes: Mapping[str, str],
    objective: "Objective",
    deciding: "Mapping[str, Span]",
) -> Forest:
    """Rows for the contrasts that have a value; mappings by contrast, as measured.

    `deciding`: the intervals of `harness.analysis.deciding`, drawn only where they decide: what is
    better or worse by the first test is not tested for equivalence.
    """
    scale = objective.scale
    rows = [
        Row(
            title=row.title,
            note=notes[row.contrast],
            effect=row.effect * scale,
            low=row.low * scale,
            high=row.high * scale,
            inner=_scaled(
                deciding.get(row.contrast, _NONE) if row.verdict in _OPEN else _NONE, scale
            ),
            margin=row.margin * scale,
            verdict=row.verdict,
            seeds=tuple(value * scale for value in differences[row.contrast]),
        )
        for row in each_row(ranking)
        if row.n
    ]
    return Forest(tuple(rows), *_range(rows), objective.unit)


def _scaled(span: "Span", scale: float) -> "Span":
    return span[0] * scale, span[1] * scale


def _values(row: Row) -> list[float]:
    values = (row.effect, row.low, row.high, *row.seeds)
    return [value for value in values if math.isfinite(value)]


def _range(rows: Sequence[Row]) -> tuple[float, float]:
    """A range that one diverged trial does not stretch until nothing else can be seen.

    What is sure to be an effect is in it, however large, and so are the zones of equivalence,
    unless they are far wider than all effects.
    """
    reach = median(max(abs(value) for value in _values(row)) for row in rows) if rows else 0.0
    wide = [end for row in rows for end in (*_values(row), -row.margin, row.margin)]
    near = [value for value in wide if abs(value) <= FAR * reach]  # a NaN is not
    sure = [row for row in rows if row.verdict in (verdicts.BETTER, verdicts.WORSE)]
    near += [value for row in sure for value in (row.effect, row.low, row.high)]
    near = [value for value in near if math.isfinite(value)]
    low, high = min([0.0, *near]), max([0.0, *near])
    margin = 0.08 * (high - low) or 1.0
    return sided(low - margin, high + margin)


def sided(low: float, high: float) -> tuple[float, float]:
    """A range around zero with room for a word on either side of it."""
    side = SIDE / (1 - SIDE)
    return min(low, -side * high), max(high, -side * low)


def draw_forest(info: Forest, width: float) -> "Figure":
    """Draw the rows; each has its words above and its numbers below or next to them."""
    narrow = width <= NARROW
    titles = [show.wrapped(entry.title, 48 if narrow else 70) for entry in info.rows]
    further = max((title.count("\n") for title in titles), default=0)
    row = ROW * (1.3 if narrow else 1) + LINE * further
    figure = blank(figsize=(width, row * len(info.rows) + 0.7), layout="constrained")
    axes = figure.add_subplot()
    end = len(info.rows) - 0.55
    bands = [(place - ABOVE / row, place + BELOW / row) for place in range(len(info.rows))]
    bands[-1] = (bands[-1][0], end)
    for place, (entry, title) in enumerate(zip(info.rows, titles, strict=True)):
        draw_zone(axes, entry.margin, bands[place])
        _draw_row(axes, entry, place, place + SEEDS / row)
        colour = MARKS.get(entry.verdict, UNDECIDED).colour
        ends = [*_values(entry), *filter(math.isfinite, entry.inner)]
        mark_far(axes, ends, place, (info.low, info.high), colour)
        _write_row(axes, entry, title, place, narrow)
    if info.judged:
        write_sides(axes)
    axes.set_ylim(end, -0.75)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlim(info.low, info.high)
    round_ticks(axes.xaxis, 4 if narrow else 5)
    axes.xaxis.set_major_formatter(ticked)
    axes.set_xlabel(f"effect on {info.unit}, following − ignoring")
    draw_ground(axes, bands)
    return figure


def draw_zone(axes: "Axes", margin: float, band: "Span") -> None:
    """The zone of equivalence, from the top to the bottom of a band of rows."""
    if margin > 0:
        axes.fill_between([-margin, margin], *band, color=EQUIVALENT, alpha=0.16, linewidth=0,
                          zorder=0)  # fmt: skip


def draw_ground(axes: "Axes", bands: "Sequence[Span]") -> None:
    """The line at zero and those of the grid, in bands of rows: none runs through words between.

    The limits of the axes and the ticks are set before.
    """
    axes.grid(visible=False)
    low, high = axes.get_xlim()
    tops, bottoms = zip(*bands, strict=True)
    for place in (tick for tick in axes.get_xticks() if low <= tick <= high):
        axes.vlines([place] * len(bands), tops, bottoms, color=RULE, linewidth=0.5, zorder=0)
    axes.vlines([0] * len(bands), tops, bottoms, color=INK, linewidth=0.9, zorder=1)


def write_head(figure: "Figure", axes: "Axes", title: str, row: float) -> None:
    """The title of a group of rows, from the left edge of the figure on; it may be long."""
    from matplotlib.transforms import blended_transform_factory

    across = blended_transform_factory(figure.transFigure, axes.transData)
    text = axes.text(EDGE / figure.get_figwidth(), row + BASE, title, transform=across, color=INK,
                     fontweight="bold")  # fmt: skip
    text.set_in_layout(False)


def write_sides(axes: "Axes") -> None:
    """Above the axes, on either side of zero: where following the tip helps, and where not."""
    for text, side, align in ((HELPS, -5, "right"), (HURTS, 5, "left")):
        axes.annotate(text, (0, 1), (side, 4), ("data", "axes fraction"), "offset points",
                      ha=align, color=INK)  # fmt: skip


def _draw_row(axes: "Axes", entry: Row, place: int, below: float) -> None:
    marker, colour, filled = MARKS.get(entry.verdict, UNDECIDED)
    if math.isfinite(entry.inner[0]):
        axes.plot(entry.inner, [place, place], color=colour, linewidth=4.5, alpha=0.45,
                  solid_capstyle="butt")  # fmt: skip
    if math.isfinite(entry.low):
        axes.plot([entry.low, entry.high], [place, place], color=colour, linewidth=1.4)
    axes.plot(entry.seeds, [below] * len(entry.seeds), "|", color=colour, alpha=0.75,
              markersize=5)  # fmt: skip
    axes.plot(entry.effect, place, marker, markersize=7.5, markeredgecolor=colour,
              markerfacecolor=colour if filled else PAPER, markeredgewidth=1.8)  # fmt: skip


def mark_far(
    axes: "Axes", values: Sequence[float], place: float, shown: "Span", colour: str
) -> None:
    """An arrow at an end of the range `shown` beyond which a row goes on."""
    for edge, far, marker in (
        (shown[0], min(values) < shown[0], "<"),
        (shown[1], max(values) > shown[1], ">"),
    ):
        if far:
            axes.plot(edge, place, marker, color=colour, markersize=6, clip_on=False)


def _write_row(axes: "Axes", entry: Row, title: str, place: int, narrow: bool) -> None:
    """Title above the mark; on a phone the numbers between them, else in a column on the right."""
    _write(axes, title, (0.0, place), WORDS + (NOTE if narrow else 0))
    if narrow:
        _write(axes, entry.note, (0.0, place), WORDS, color=MUTED)
    else:
        _write(axes, entry.note, (1.02, place), 0, color=MUTED, va="center")


def _write(axes: "Axes", text: str, place: "Span", above: float, **look: Any) -> None:
    """Words at a share of the axes and a row, and so many points above it."""
    axes.annotate(text, place, (0, above), axes.get_yaxis_transform(), "offset points",
                  **{"va": "bottom", **look})  # fmt: skip
