"""The picture of looks: what each panel shows, and that nothing runs into the next."""

import math

import pytest
from matplotlib.text import Text

from harness.analysis.closed import Point
from harness.analysis.objectives import FINAL
from harness.report.plots import marks, style
from harness.report.plots.looks import draw_looks, looks_info

pytestmark = pytest.mark.drawn

PLANNED = (9, 12, 15, 18, 20, 22, 24)
ENDS = {"a": "better", "b": "equivalent", "c": "worse", "d": "futile", "e": "open"}
TITLES = {name: f"{end.capitalize()} <tip> with a title of two lines" for name, end in ENDS.items()}


def _point(name, look, state="open", effect=-0.02, reason=""):
    half = None if effect is None else 0.03
    return Point(
        contrast=name, look=look, seeds=PLANNED[look - 1], n=0, effect=effect,
        low=half and effect - half, high=half and effect + half, margin=0.01, t=None,
        boundary=None, predictive=None, state=state, reason=reason,
    )  # fmt: skip


POINTS = [
    *(_point(name, 1) for name in ENDS),
    *(_point(name, 2, state, effect=0.05) for name, state in ENDS.items()),
]


def test_a_panel_is_a_contrast_look_by_look_times_1000():
    panels = looks_info(POINTS, dict(reversed(TITLES.items())), FINAL)
    assert [panel.word for panel in panels] == list(ENDS.values())[::-1]  # the order of the titles
    first, second = panels[0].looks
    assert first == pytest.approx((9, -20, -50, 10))
    assert second == pytest.approx((12, 50, 20, 80))
    assert panels[0].margin == pytest.approx(10)
    assert panels[0].end == "open after 12 seeds"
    assert panels[-1].end == "better at 12 seeds"


def test_gaps_and_other_reasons_than_differences():
    points = [_point("a", 1, "futile", None, reason="neither side has learnt")]
    (panel,) = looks_info(points, TITLES, FINAL)  # the others were at no look
    assert all(map(math.isnan, panel.looks[0][1:]))
    assert panel.end == "not judged at 9 seeds"


@pytest.mark.parametrize("width", [marks.WIDE, marks.NARROW])
def test_each_end_has_a_mark_and_a_word_and_nothing_overlaps(width):
    last = _point("f", 7, "futile", reason="neither side has learnt")
    panels, figures = looks_info([*POINTS, last], {**TITLES, "f": "Not judged"}, FINAL), []

    def draw(wide):
        figures.append(draw_looks(panels, PLANNED, FINAL.unit, wide))
        return figures[0]

    text = style.svg(draw, width)
    assert all(f"{panel.end}</text>" in text for panel in panels)
    shown = [axes for axes in figures[0].axes if axes.get_visible()]
    marks = [axes.lines[-1].get_marker() for axes in shown]
    assert len(set(marks[:-1])) == len(ENDS)
    assert marks[-1] == marks[3]  # futile
    assert [label.get_text() for label in shown[-1].get_xticklabels()][-1] == "24"
    words = [
        text
        for axes in shown
        for text in axes.findobj(Text)
        if text.get_visible() and text.get_text() and text not in axes.get_yticklabels()
    ]
    assert len(words) >= 4 * len(ENDS)
    boxes = [text.get_window_extent() for text in words]
    assert not any(a.overlaps(b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])
    assert all(box.x0 >= 0 and box.x1 <= figures[0].bbox.x1 for box in boxes)
