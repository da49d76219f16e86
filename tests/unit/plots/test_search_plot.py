"""The figures of a search: a suggestion that failed does not hide those that finished."""

from functools import partial

import pytest

from harness.report.plots import style
from harness.report.plots.search import (
    History,
    Panel,
    Point,
    draw_history,
    draw_slices,
    shown_of,
)

pytestmark = pytest.mark.drawn

FINISHED = tuple(Point(n, kid, "finished") for n, kid in enumerate((120.0, 60.0, 16.0), 1))
FAR = Point(4.0, 2906.0, "pruned")


def _history(*more):
    return History(Panel("suggestion", (*FINISHED, *more)), ((1.0, 120.0), (3.0, 16.0)), 15.8)


def test_the_scale_is_that_of_the_finished_ones_and_the_reference():
    low, high = _history(FAR).shown
    assert 0 < low < 15.8
    assert 120 < high < 150
    assert _history(FAR).cut
    assert not _history().cut


def test_what_failed_not_far_away_is_in_the_scale():
    near = _history(Point(4.0, 200.0, "diverged"))
    assert near.shown[1] > 200
    assert not near.cut


def test_what_lies_beyond_stands_at_the_edge_in_every_figure():
    (axes,) = style.canvas(partial(draw_history, _history(FAR), "KID")).axes
    assert axes.get_ylim() == pytest.approx(_history(FAR).shown)
    (mark,) = [line for line in axes.lines if line.get_marker() == "v"]
    assert list(mark.get_ydata()) == pytest.approx([axes.get_ylim()[1]])
    panels = [Panel("rate", (*FINISHED, FAR._replace(status="diverged")))]
    shown, cut = shown_of(panels)
    assert cut
    (axes,) = style.canvas(partial(draw_slices, panels, "KID")).axes
    assert axes.get_ylim() == pytest.approx(shown)


def test_where_none_finished_the_scale_has_them_all():
    assert not History(Panel("suggestion", (FAR,)), (), None).cut
