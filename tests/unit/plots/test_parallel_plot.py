"""Parallel coordinates of a search: places on the scales, who has a rank, and that it is drawn."""

import math
from itertools import pairwise

import pandas as pd
import pytest

from harness.analysis.search import SUGGESTED
from harness.report.inks import BETTER, REFERENCE, WORSE
from harness.report.plots import marks, style
from harness.report.plots.parallel import draw_parallel, parallel_info

pytestmark = pytest.mark.drawn

RATE, TIP = "optimizer.generator.learning_rate", "spectral_norm"
SPACE = {
    RATE: {"low": 1e-5, "high": 1e-3, "log": True, "step": None, "whole": False},
    "generator.width": {"low": 8, "high": 24, "log": False, "step": 8, "whole": True},
    TIP: {"choices": ["on", "off"]},
}
ROWS = [  # status, objective, why it has not learnt, rate, width, tip
    ("finished", 0.3, "", 1e-5, 8, "on"),
    ("finished", 0.1, "", 1e-4, 16, "off"),
    ("finished", 0.2, "", 1e-3, 24, "on"),
    ("finished", 0.05, "collapsed", 1e-4, 16, "on"),
    ("pruned", math.nan, "", 1e-4, 8, "off"),
    ("diverged", 0.9, "", 1e-3, 8, "off"),
    ("refused", math.nan, "", 1e-3, 8, "off"),
    ("running", math.nan, "", 1e-3, 8, "off"),
]


def table(rows):
    names = ["status", "final", "unlearnt", *(f"{SUGGESTED}{name}" for name in SPACE)]
    return pd.DataFrame(rows, columns=names).assign(number=range(1, len(rows) + 1))


def test_places_and_ranks():
    info = parallel_info(table(ROWS), SPACE)
    assert [scale.name for scale in info.scales] == [*SPACE, "KID × 10³"]
    assert [scale.log for scale in info.scales] == [True, False, False, False]
    assert info.scales[2].ticks == ((0.0, "on"), (1.0, "off"))
    assert info.scales[3].ticks == ((0.0, "100.0"), (1.0, "300.0"))
    *others, worst, middle, best = info.lines
    assert best.places == pytest.approx((0.5, 0.5, 1.0, 0.0))
    assert middle.places == pytest.approx((1.0, 1.0, 0.0, 0.5))
    assert [line.rank for line in (worst, middle, best)] == [1.0, 0.5, 0.0]
    # collapsed, pruned and diverged: no rank, no place on the scale of the objective
    assert [(line.status, line.rank, len(line.places)) for line in others] == [
        ("finished", None, 3), ("pruned", None, 3), ("diverged", None, 3),
    ]  # fmt: skip


def test_objectives_far_apart_are_on_a_logarithmic_scale():
    info = parallel_info(table([*ROWS[:2], ("finished", 10.0, "", 1e-3, 24, "on")]), SPACE)
    assert info.scales[-1].log
    places = {round(line.places[-1], 2) for line in info.lines}
    assert places == {0.0, 0.24, 1.0}


def test_one_trial_and_none():
    (line,) = parallel_info(table(ROWS[:1]), SPACE).lines
    assert (line.rank, line.places[-1]) == (0.0, 0.5)
    info = parallel_info(table(ROWS[4:]), SPACE)
    assert {line.rank for line in info.lines} == {None}
    assert style.svg(lambda width: draw_parallel(info, width), marks.NARROW).startswith("<svg")


@pytest.mark.parametrize("width", [marks.WIDE, marks.NARROW])
def test_the_better_the_stronger(width):
    figures = []

    def draw(wide):
        figures.append(draw_parallel(parallel_info(table(ROWS), SPACE), wide))
        return figures[-1]

    svg = style.svg(draw, width)
    assert all(name in svg for name in (f"{RATE} (log)", "generator.width", TIP, "KID × 10³"))
    lines = [line for line in figures[0].axes[0].lines if len(line.get_xdata()) > 2]
    assert [line.get_color() for line in lines[:3]] == [REFERENCE, REFERENCE, WORSE]
    ranked = lines[3:]
    assert {line.get_color() for line in ranked} == {BETTER}
    assert all(one.get_alpha() < other.get_alpha() for one, other in pairwise(ranked))
    assert max(line.get_alpha() for line in lines[:3]) < 0.5
