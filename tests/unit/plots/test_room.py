"""However many and long the names are, panels keep their height, and layouts succeed.

At the width of a page and of a phone, no line, mark or other text runs through what is written.
"""

import warnings
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from harness.analysis.closed import Point
from harness.analysis.objectives import FINAL
from harness.report.plots import critical_difference, forest, looks, marks, panels, pooled, style
from harness.report.plots import interaction as crossed
from harness.report.plots import parallel as searched
from harness.report.plots.curves import curves_info, draw_curves
from harness.report.plots.dynamics import MEASURES, Panel, Trace, draw_dynamics
from harness.report.plots.search import draw_history, draw_slices, history_info, slices_info
from harness.report.plots.side_by_side import draw_side_by_side, side_by_side_info
from tests.crossings import crossings

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


TIPS = {
    "bn": "Batch normalisation in the discriminator",
    "sn": "Spectral normalisation of the discriminator and the generator",
    "beta": "Adam with beta_1 = 0.5",
    "ema": "Moving average of the generator's weights, without which there is none",
}
EFFECTS = (-0.0456, 0.0207, 0.001, -0.3)
VERDICTS = ("better", "worse", "equivalent", "inconclusive")
RUNS = ("photographs of flowers", "handwritten digits", "CIFAR-10, with another encoder")


def _forest(reach):
    """Zones, intervals and seeds as far as `reach`, so that some rows go on beyond the range."""
    ranking = pd.DataFrame(
        {"contrast": [*TIPS], "title": [*TIPS.values()], "effect": EFFECTS, "margin": 0.04,
         "low": [effect - reach for effect in EFFECTS],
         "high": [effect + reach for effect in EFFECTS], "verdict": VERDICTS, "n": 8}
    )  # fmt: skip
    seeds = {name: [number * reach / 8 for number in range(-8, 9)] for name in TIPS}
    notes = {
        name: f"{1000 * effect:+.1f} [{1000 * (effect - reach):+.1f}, "
        f"{1000 * (effect + reach):+.1f}] · n = 8"
        for name, effect in zip(TIPS, EFFECTS, strict=True)
    }
    inner = {name: (effect - reach / 2, effect + reach / 2)
             for name, effect in zip(TIPS, EFFECTS, strict=True)}  # fmt: skip
    return partial(forest.draw_forest, forest.forest_info(ranking, seeds, notes, FINAL, inner))


def _side_by_side():
    """A measure with several runs, whose intervals reach from edge to edge, and one with a run."""
    rows = pd.DataFrame(
        [(name, title, run, effect, -0.5, 0.5, 0.04, verdict)
         for (name, title), effect, verdict in zip(TIPS.items(), EFFECTS, VERDICTS, strict=True)
         for run in RUNS],
        columns=["contrast", "title", "run", "effect", "low", "high", "margin", "verdict"],
    )  # fmt: skip
    one = rows[rows["run"] == RUNS[0]]
    infos = [side_by_side_info(table, 1000.0, "KID × 10³") for table in (rows, one)]
    return partial(draw_side_by_side, infos)


def _pooled():
    tips = pd.DataFrame(
        {"contrast": [*TIPS], "title": [*TIPS.values()], "effect": EFFECTS, "low": -0.6,
         "high": 0.5, "predicted_low": -5.0, "predicted_high": 5.0, "verdict": VERDICTS}
    )  # fmt: skip
    sets = pd.DataFrame(
        [(name, run, run, effect, -0.6, 0.5, 0.33)
         for name, effect in zip(TIPS, EFFECTS, strict=True) for run in RUNS],
        columns=["contrast", "run", "set", "effect", "low", "high", "weight"],
    )  # fmt: skip
    return partial(pooled.draw_pooled, pooled.pooled_info(tips, sets))


def _looks():
    planned = (9, 12, 15, 18, 20, 22, 24)
    points = [
        Point(contrast=name, look=look, seeds=seeds, n=seeds, effect=effect, low=effect - 0.1,
              high=effect + 0.1, margin=0.04, t=None, boundary=None, predictive=None,
              state="open", reason="")
        for name, effect in zip(TIPS, EFFECTS, strict=True)
        for look, seeds in enumerate(planned, 1)
    ]  # fmt: skip
    info = looks.looks_info(points, TIPS, FINAL)
    return partial(looks.draw_looks, info, planned, FINAL.unit)


def _interactions():
    line = partial(crossed.Line, seeds=((90.0, 140.0), (180.0, 60.0)))
    lines = (line("off", (120.0, 90.0)), line("on", (160.0, 70.0)))
    panel = partial(crossed.Panel, levels=("off", "on"), lines=lines)
    titles = [*TIPS.values()]
    pairs = [panel(first=one, second=two) for one, two in pairwise(titles)]
    return partial(crossed.draw_interactions, pairs)


def _diagram():
    ranks = pd.DataFrame({"title": [*TIPS.values()], "rank": (1.1, 1.4, 1.5, 4.0)})
    return partial(
        critical_difference.draw_diagram, critical_difference.diagram_info(ranks, 12, 0.05)
    )


SPACE = {
    "optimizer.generator.learning_rate": {"low": 1e-5, "high": 1e-3, "log": True},
    "optimizer.discriminator.beta_1": {"low": 0.0, "high": 0.9},
    "loss.name": {"choices": ["hinge", "non_saturating", "wasserstein"]},
}


def _suggestions():
    rng = np.random.default_rng(3)
    count = 24
    status = ["finished"] * 20 + ["pruned", "diverged"] * 2
    rate, beta, loss = SPACE
    return pd.DataFrame(
        {"number": range(count), f"param:{rate}": 10 ** rng.uniform(-5, -3, count),
         f"param:{beta}": rng.uniform(0, 0.9, count),
         f"param:{loss}": rng.choice(SPACE[loss]["choices"], count), "status": status,
         "final": rng.uniform(0.05, 0.9, count), "last_kid": 0.3, "best_so_far": 0.2,
         "unlearnt": ""}
    )  # fmt: skip


def _parallel():
    return partial(searched.draw_parallel, searched.parallel_info(_suggestions(), SPACE))


def _history():
    return partial(draw_history, history_info(_suggestions(), 0.4), FINAL.unit)


def _slices():
    return partial(draw_slices, slices_info(_suggestions(), SPACE), FINAL.unit)


FIGURES = {
    "forest": partial(_forest, 0.03),
    "forest, wide intervals": partial(_forest, 2.0),
    "side by side": _side_by_side,
    "pooled": _pooled,
    "looks": _looks,
    "interactions": _interactions,
    "diagram": _diagram,
    "parallel": _parallel,
    "history": _history,
    "slices": _slices,
    "curves": partial(_curves, 5),
    "panels": partial(_panels, 3),
    "dynamics": partial(_dynamics, 4, 3),
}


@pytest.mark.parametrize("width", [marks.WIDE, marks.NARROW])
@pytest.mark.parametrize("name", FIGURES)
def test_nothing_runs_through_what_is_written(name, width):
    draw = FIGURES[name]()
    assert crossings(style.canvas(lambda _: draw(width))) == []


def test_a_line_or_a_word_through_a_number_is_seen():
    def draw(width, back=0.0, ground=1.0):
        figure = style.Figure(figsize=(width, 2))
        axes = figure.add_subplot()
        axes.grid(visible=False)
        if back:
            axes.plot([0, 1], [0.5, 0.5], zorder=1)
        box = {"facecolor": "white", "alpha": ground}
        axes.text(0.5, 0.5, "12.5", va="center", zorder=4, bbox=box)
        if back > 1:
            axes.text(0.5, 0.5, "over it", va="center")
        return figure

    def hits(**how):
        return crossings(style.canvas(partial(draw, **how)))

    assert hits() == []
    assert hits(back=1.0) == []  # the line ends at an opaque ground
    assert hits(back=1.0, ground=0.7) == [("12.5", "line")]
    assert ("12.5", "over it") in hits(back=2.0)


def test_sides_of_an_equals_sign_stay_on_one_line():
    names = _interactions()(marks.NARROW)
    assert not any(
        text.get_text().endswith("=") or "=\n" in text.get_text()
        for text in names.findobj(lambda one: hasattr(one, "get_text"))
    )
