"""Forest plot by data set: for each tip the effect in every run, and what they give together."""

import math
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from harness.analysis import verdicts
from harness.analysis.rows import each_row
from harness.core import format as show
from harness.report.inks import BETTER, INK, MUTED, REFERENCE, WORSE
from harness.report.plots.forest import draw_ground, sided, write_head, write_sides
from harness.report.plots.marks import NARROW, blank, round_ticks, ticked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from harness.report.plots.style import Figure

SCALE = 100  # shares are shown in per cent
ROW, LINE = 0.23, 0.13  # inches: a row, and a further line of its label
GAP = 0.6  # rows between two tips
HALF = 0.45  # of a row: where what is drawn in it ends
FAR = 3  # times the median reach of what was pooled: what lies beyond is cut off, and marked
_COLOURS = {verdicts.BETTER: BETTER, verdicts.WORSE: WORSE}


class Line(NamedTuple):
    """An effect with its interval, in per cent of what was learnt; `weight` in the mean, or 1.

    Bounds are NaN where looks give no interval.
    """

    label: str
    effect: float
    low: float
    high: float
    weight: float


class Group(NamedTuple):
    """A tip: its sets, the mean with its interval for all tips, and the prediction interval."""

    title: str
    verdict: str
    sets: tuple[Line, ...]
    pooled: Line
    predicted: tuple[float, float]


class PooledForest(NamedTuple):
    """Tips from top to bottom, and the range that is shown."""

    groups: tuple[Group, ...]
    low: float
    high: float


def pooled_info(tips: pd.DataFrame, sets: pd.DataFrame) -> PooledForest:
    """From the tables of a pool (`harness.analysis.pooling.Pool`)."""
    labels = _labels(sets)
    groups = []
    for tip in each_row(tips):
        rows = sets[sets["contrast"] == tip.contrast]
        lines = tuple(
            _line(labels[row.run], (row.effect, row.low, row.high), row.weight)
            for row in each_row(rows)
        )
        predicted = (tip.predicted_low * SCALE, tip.predicted_high * SCALE)
        pooled = _line("pooled", (tip.effect, tip.low, tip.high), 1.0)
        groups.append(Group(tip.title, tip.verdict, lines, pooled, predicted))
    return PooledForest(tuple(groups), *_range(groups))


def _labels(sets: pd.DataFrame) -> dict[str, str]:
    """Run → its data set and size; with the run's name where two folders are called alike."""
    named = {row.run: row.set for row in each_row(sets)}
    often = Counter(named.values())
    return {run: name if often[name] == 1 else f"{name} ({run})" for run, name in named.items()}


def _line(label: str, values: tuple[float, float, float], weight: float) -> Line:
    effect, low, high = (value * SCALE for value in values)
    return Line(label, effect, low, high, weight)


def _range(groups: Sequence[Group]) -> tuple[float, float]:
    """A range that neither a set of few seeds nor a prediction from three sets stretches."""
    values = [
        value for group in groups for line in (*group.sets, group.pooled)
        for value in line[1:4] if math.isfinite(value)
    ]  # fmt: skip
    reach = median(_reach(line) for group in groups for line in group.sets)
    shown = [value for value in values if abs(value) <= FAR * reach]
    shown += [line.effect for group in groups for line in (*group.sets, group.pooled)]
    low, high = min(0.0, *shown), max(0.0, *shown)
    margin = 0.08 * (high - low) or 1.0
    return sided(low - margin, high + margin)


def _reach(line: Line) -> float:
    ends = (line.effect, line.low, line.high)
    return max(abs(value) for value in ends if math.isfinite(value))


def draw_pooled(info: PooledForest, width: float) -> "Figure":
    """Draw a block of rows for each tip: its sets, then the mean and the prediction interval."""
    narrow = width <= NARROW
    titles = [show.wrapped(group.title, 42 if narrow else 70) for group in info.groups]
    lines = [line.label for group in info.groups for line in (*group.sets, group.pooled)]
    labels = [show.wrapped(label, 24 if narrow else 40) for label in lines]
    row = ROW + LINE * max(label.count("\n") for label in labels)
    rows = sum(len(group.sets) + 2 + GAP for group in info.groups)
    rows += sum(title.count("\n") for title in titles)
    figure = blank(figsize=(width, row * rows + 0.85), layout="constrained")
    axes = figure.add_subplot()
    places, bands, place = [], [], 0.0
    for group, title in zip(info.groups, titles, strict=True):
        place += title.count("\n")
        write_head(figure, axes, title, place)
        bands.append((place + 1 - HALF, place + len(group.sets) + 1 + HALF))
        for _ in (*group.sets, group.pooled):
            place += 1
            places.append(place)
        _draw_group(axes, group, place, info)
        if not narrow:
            _write_numbers(axes, group, place)
        place += 1 + GAP
    axes.set_ylim(place - GAP - 0.4, -0.6)
    axes.set_yticks(places, labels)
    axes.tick_params(axis="y", length=0, pad=9)  # clear of arrows
    axes.spines["left"].set_visible(False)
    axes.set_xlim(info.low, info.high)
    round_ticks(axes.xaxis, 4 if narrow else 6)
    axes.xaxis.set_major_formatter(ticked)
    unit = "effect, % of what\nthe reference learnt" if narrow else (
        "effect, % of what the reference learnt on the set")  # fmt: skip
    axes.set_xlabel(unit)
    write_sides(axes)
    draw_ground(axes, bands)
    return figure


def _draw_group(axes: "Axes", group: Group, last: float, info: PooledForest) -> None:
    for step, line in enumerate(reversed(group.sets), 1):
        axes.plot([line.low, line.high], [last - step] * 2, color=REFERENCE, linewidth=1.1)
        size = 3 + 5 * math.sqrt(line.weight)
        axes.plot(line.effect, last - step, "s", color=REFERENCE, markersize=size)
        _mark_far(axes, (line.low, line.high), last - step, info)
    colour = _COLOURS.get(group.verdict, INK)
    axes.plot(group.predicted, [last] * 2, color=colour, linewidth=1.0, linestyle=(0, (4, 2)))
    mean = group.pooled
    ends = (*group.predicted, mean.low, mean.high)
    _mark_far(axes, (min(ends), max(ends)), last, info)
    corners = [mean.low, mean.effect, mean.high, mean.effect]
    axes.fill(corners, [last, last - 0.28, last, last + 0.28], color=colour, linewidth=0, zorder=3)


def _mark_far(axes: "Axes", span: tuple[float, float], place: float, info: PooledForest) -> None:
    for edge, far, marker in ((info.low, span[0] < info.low, "<"),
                              (info.high, span[1] > info.high, ">")):  # fmt: skip
        if far:
            axes.plot(edge, place, marker, color=MUTED, markersize=5, clip_on=False)


def _write_numbers(axes: "Axes", group: Group, last: float) -> None:
    lines = (*group.sets, group.pooled)
    decimals = show.decimals([line.effect for line in lines], 1)
    for step, line in enumerate(reversed(lines)):
        text = show.number(line.effect, decimals, signed=True)
        span = f" {show.interval(line.low, line.high, decimals, 1)}"
        text += span if math.isfinite(line.low) else ", no interval"
        axes.text(1.03, last - step, text, transform=axes.get_yaxis_transform(), va="center",
                  color=INK if step == 0 else MUTED)  # fmt: skip
