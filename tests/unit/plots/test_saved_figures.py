"""How figures become files."""

from functools import partial

import pytest

from harness.report.plots import marks, style
from harness.report.plots.dynamics import Panel, Trace, draw_dynamics

pytestmark = pytest.mark.drawn


def test_a_figure_is_drawn_once_for_each_of_its_files(monkeypatch):
    """Once for the SVG and once for the PNG: no further time to lay it out anew."""
    drawn = []
    draw = style.Figure.draw
    monkeypatch.setattr(style.Figure, "draw", lambda *given: drawn.append(1) or draw(*given))
    panels = [Panel("loss", (Trace("a", (1.0, 2.0), (0.5, 0.4), 3),))]
    style.drawing(partial(draw_dynamics, panels, marks.looks(["a"], "a")))
    assert len(drawn) == 2
