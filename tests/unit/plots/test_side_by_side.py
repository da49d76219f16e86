"""Effects of several runs in one figure, and the curves of a cell in each of them."""

import math

import pandas as pd
import pytest

from harness.analysis.effects import BETTER, EQUIVALENT, WORSE
from harness.report.plots.marks import NARROW, WIDE
from harness.report.plots.side_by_side import draw_side_by_side, side_by_side_info
from harness.report.plots.style import canvas

COLUMNS = ["contrast", "title", "run", "effect", "low", "high", "margin", "verdict"]
EFFECTS = pd.DataFrame(
    [
        ("bn", "Batch norm", "one", -0.2, -0.3, -0.1, 0.05, BETTER),
        ("bn", "Batch norm", "two", 0.1, 0.05, 0.15, 0.02, WORSE),
        ("ema", "EMA", "one", 0.001, -0.01, 0.012, 0.05, EQUIVALENT),
    ],
    columns=COLUMNS,
)


def test_tips_in_their_order_with_a_line_a_run():
    info = side_by_side_info(EFFECTS, 1000.0, "KID × 10³")
    assert [group.title for group in info.groups] == ["Batch norm", "EMA"]
    first, second = info.groups[0].lines
    assert (first.run, first.effect, first.margin, first.verdict) == ("one", -200.0, 50.0, BETTER)
    assert (second.low, second.high) == (50.0, 150.0)
    assert info.runs == ["one", "two"]
    assert info.low < -300
    assert info.high > 150


def test_an_effect_far_off_is_in_the_range_and_its_interval_is_not():
    far = pd.DataFrame([("x", "X", "one", 5.0, -90.0, 100.0, 0.05, WORSE)], columns=COLUMNS)
    info = side_by_side_info(pd.concat([EFFECTS, far]), 1.0, "KID")
    assert 5.0 < info.high < 10.0
    assert info.low > -10.0


def test_without_intervals_and_margins():
    bare = EFFECTS.assign(low=math.nan, high=math.nan, margin=math.nan)
    info = side_by_side_info(bare, 1.0, "KID")
    assert math.isfinite(info.low)
    assert all(len(line.ends) == 1 for group in info.groups for line in group.lines)
    canvas(lambda width: draw_side_by_side([info], width))


@pytest.mark.parametrize(("width", "columns"), [(WIDE, 2), (NARROW, 1)])
def test_each_measure_has_an_axis(width, columns):
    one = side_by_side_info(EFFECTS, 1000.0, "KID × 10³")
    other = side_by_side_info(EFFECTS.assign(run="three"), 1.0, "s")
    figure = draw_side_by_side([one, other], width)
    first, second = figure.axes
    assert first.get_gridspec().ncols == columns
    assert first.get_xlabel() != second.get_xlabel()
    assert first.get_xlim() != second.get_xlim()
    assert second.get_title() == "three"
    words = [text.get_text() for text in (*first.texts, *first.get_yticklabels())]
    assert {"Batch norm", "EMA", "one", "two"} <= set(words)
    assert second.get_yticklabels() == []  # its one run is its title
    titled = [text.get_text() for text in second.texts if text.get_text() == "Batch norm"]
    assert len(titled) == (1 if columns == 1 else 0)  # beneath each other, each has its own
