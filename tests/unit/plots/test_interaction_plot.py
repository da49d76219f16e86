"""The interaction plot: which lines, in which order, and that it draws."""

import math

import pandas as pd
import pytest

from harness.report.plots import marks, style
from harness.report.plots.interaction import draw_interactions, interaction_panel
from harness.runs.crossed import Scale

pytestmark = pytest.mark.drawn

FIRST = Scale(name="batch_norm_in_discriminator", title="Batch norm", levels=("on", "off"), base=1)
SECOND = Scale(name="dropout", title="dropout", levels=("0.2", "0.4", "0.6"), base=1)
VALUES = [
    (first, second, seed, 0.1 + 0.1 * (first == "on") + 0.01 * float(second) + 0.002 * seed)
    for first in ("on", "off")
    for second in ("0.2", "0.4", "0.6")
    for seed in (0, 1)
    if (first, second) != ("on", "0.6")
]
MEANS = pd.DataFrame(VALUES, columns=["first", "second", "seed", "value"])


def test_lines_are_means_times_1000_from_the_base_to_what_is_compared():
    panel = interaction_panel(FIRST, SECOND, MEANS)
    assert panel.levels == ("off", "on")
    assert [line.level for line in panel.lines] == ["0.4", "0.2", "0.6"]
    first = panel.lines[0]
    assert first.mean == pytest.approx((105, 205))
    assert first.seeds == (pytest.approx((104, 204)), pytest.approx((106, 206)))


def test_what_was_not_trained_is_a_gap():
    last = interaction_panel(FIRST, SECOND, MEANS).lines[-1]
    assert last.mean[0] == pytest.approx(107)
    assert math.isnan(last.mean[1])


def test_levels_without_any_value_are_gaps_too():
    empty = interaction_panel(FIRST, SECOND, MEANS.iloc[:0])
    assert all(math.isnan(value) for line in empty.lines for value in line.mean)


@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize("width", [marks.WIDE, marks.NARROW])
def test_it_draws_a_panel_a_pair_that_does_not_run_into_the_next(count, width):
    panels = [interaction_panel(FIRST, SECOND, MEANS)] * count
    drawn = []

    def draw(wide):
        drawn.append(draw_interactions(panels, wide))
        return drawn[-1]

    assert style.svg(draw, width).startswith("<svg")
    shown = [axes for axes in drawn[0].axes if axes.get_visible()]
    assert len(shown) == count
    for boxes in (
        [axes.xaxis.label.get_window_extent() for axes in shown],
        [axes.get_legend().get_window_extent() for axes in shown],
    ):
        assert not any(a.overlaps(b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])
