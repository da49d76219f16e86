"""However many and long the names are, panels keep their height, and layouts succeed."""

import warnings
from functools import partial

import pandas as pd
import pytest

from harness.report.plots import marks, panels, style
from harness.report.plots.curves import curves_info, draw_curves
from harness.report.plots.dynamics import MEASURES, Panel, Trace, draw_dynamics

pytestmark = pytest.mark.drawn
LEAST = 0.9  # inches
NAME = (
    "Spectral normalisation in the generator: on, batch normalisation in the discriminator: off, "
)


def _cells(count):
    return ["reference", *(f"{NAME}{number}" for number in range(1, count))]


def _dynamics(count, measures):
    cells = _cells(count)
    traces = tuple(Trace(cell, (0.0, 1.0), (1.0, 2.0), 3) for cell in cells)
    info = [Panel(label, traces) for label in [*MEASURES.values()][:measures]]
    return partial(draw_dynamics, info, marks.looks(cells, cells[0]))


def _rows(cell):
    return pd.DataFrame(
        {"cell": cell, "seed": 0, "evaluation": [0, 1], "kimg": [0.0, 1.0], "kid": [0.1, 0.02],
         "status": "finished"}
    )  # fmt: skip


def _curves(count):
    cells = _cells(count)
    info = curves_info(pd.concat(map(_rows, cells)), cells, cells[0])
    return partial(draw_curves, info, marks.looks(cells, cells[0]))


def _panels(count):
    cells = _cells(count)
    looks = marks.looks(cells, cells[0])
    shown = [panels.Panel(c, curves_info(_rows(c), [c], c), looks[c]) for c in cells]
    return partial(panels.draw_panels, shown, looks[cells[0]])


@pytest.mark.parametrize("width", [marks.WIDE, marks.NARROW])
@pytest.mark.parametrize("count", [8, 16])
@pytest.mark.parametrize(
    "draw",
    [*(partial(_dynamics, measures=number) for number in (2, 3, 5)), _curves, _panels],
    ids=["dynamics-2", "dynamics-3", "dynamics-5", "curves", "panels"],
)
def test_panels_keep_a_height(draw, count, width):
    made = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        style.svg(lambda width: made.append(draw(count)(width)) or made[0], width)
    (figure,) = made
    shown = [axes for axes in figure.axes if axes.get_visible() and axes.axison]
    tall = figure.get_figheight()
    assert min(axes.get_position().height * tall for axes in shown) > LEAST


def test_a_legend_that_fits_is_in_the_free_place():
    figure = style.canvas(_dynamics(3, 5))
    assert figure.axes[-1].get_legend()
    assert not figure.legends
