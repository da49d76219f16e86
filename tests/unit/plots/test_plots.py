"""Figures: the numbers in them, and that they can be drawn."""

import json
import math
from functools import partial

import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.text import Text

from harness.analysis.objectives import FINAL
from harness.report.plots import marks, style
from harness.report.plots.chart import chart_info
from harness.report.plots.curves import curves_info, draw_curves
from harness.report.plots.dynamics import BINS, draw_dynamics, dynamics_info
from harness.report.plots.forest import HELPS, HURTS, draw_forest, forest_info

pytestmark = pytest.mark.drawn

RANKING = pd.DataFrame(
    {
        "contrast": ["a", "b", "c"],
        "title": ["Tip <a>", "Tip b", "Tip c"],
        "effect": [-0.02, 0.01, math.nan],
        "low": [-0.03, math.nan, math.nan],
        "high": [-0.01, math.nan, math.nan],
        "margin": [0.012, 0.012, math.nan],
        "verdict": ["better", "inconclusive", "inconclusive"],
        "n": [3, 1, 0],
    }
)
SEEDS = {"a": [-0.03, -0.02, -0.01], "b": [0.01], "c": []}
KID = FINAL
NOTES = {"a": "−20.0", "b": "+10.0", "c": "–"}
OPEN = RANKING.assign(verdict="inconclusive")
INNER = {"a": (-0.025, -0.015)}  # intervals of the tests of equivalence


def _curves(rows):
    columns = ["cell", "seed", "status", "evaluation", "kimg", "kid"]
    return pd.DataFrame(rows, columns=columns)


CURVES = _curves(
    [
        ("reference", seed, "finished", number, 10.0 * number, kid + 0.1 * seed)
        for seed in (0, 1)
        for number, kid in enumerate((0.9, 0.3, 0.1))
    ]
    + [("tip", 0, "finished", 0, 0.0, 0.9), ("tip", 0, "finished", 1, 10.0, 0.2)]
    + [("tip", 1, "diverged", 0, 0.0, 0.8)]
)


def test_forest_shows_what_has_a_value_times_1000():
    info = _forest(OPEN)
    assert [row.title for row in info.rows] == ["Tip <a>", "Tip b"]
    assert info.rows[0].effect == pytest.approx(-20)
    assert info.rows[0].seeds == pytest.approx((-30, -20, -10))
    assert (info.rows[0].low, *info.rows[0].inner) == pytest.approx((-30, -25, -15))
    assert info.rows[0].margin == pytest.approx(12)
    assert (info.bounded, info.tested) == (True, True)
    assert math.isnan(info.rows[1].low)
    assert info.unit == "KID × 10³"
    assert info.low < -30
    assert info.high > 10


def _forest(ranking=RANKING, seeds=SEEDS, notes=NOTES, deciding=INNER):
    return forest_info(ranking, seeds, notes, KID, deciding)


def test_zero_has_room_for_a_word_on_either_side():
    for sign in (-1, 1):
        one = RANKING.iloc[:1].assign(effect=sign, low=sign * 0.9, high=sign * 1.1, margin=math.nan)
        info = _forest(one, {"a": [sign]}, NOTES, {})
        assert min(-info.low, info.high) == pytest.approx(0.2 * (info.high - info.low))
        assert (info.bounded, info.tested) == (False, False)


def test_a_zone_is_in_the_range_unless_it_is_far_wider_than_the_effects():
    assert _forest(RANKING.assign(margin=0.05)).high > 50
    assert _forest(RANKING.assign(margin=5.0)).high < 50


def test_helps_and_hurts_stand_on_both_sides_of_zero():
    figure = style.canvas(partial(draw_forest, _forest()))
    (axes,) = figure.axes
    sides = {text.get_text(): text for text in axes.texts if text.get_text() in (HELPS, HURTS)}
    figure.canvas.draw()
    boxes = {word: text.get_window_extent() for word, text in sides.items()}
    zero = axes.transData.transform((0, 0))[0]
    assert boxes[HELPS].x1 < zero < boxes[HURTS].x0
    frame = axes.get_window_extent()
    assert boxes[HELPS].x0 > frame.x0
    assert boxes[HURTS].x1 < frame.x1
    assert boxes[HELPS].y0 > frame.y1 - 1


def test_neither_side_is_called_good_where_nothing_is_judged():
    nothing = _forest(RANKING.assign(verdict="not judged"))
    (axes,) = style.canvas(partial(draw_forest, nothing)).axes
    assert not {text.get_text() for text in axes.texts} & {HELPS, HURTS}


def test_the_interval_that_decides_on_equivalence_is_drawn_in_its_zone():
    (axes,) = style.canvas(partial(draw_forest, _forest(OPEN))).axes
    thick = [line for line in axes.lines if line.get_linewidth() == 4.5]
    assert [tuple(line.get_xdata()) for line in thick] == [pytest.approx((-25, -15))]
    filled = [one for one in axes.collections if isinstance(one, PolyCollection)]
    zones = [zone.get_datalim(axes.transData) for zone in filled]
    assert [(zone.x0, zone.x1) for zone in zones] == [pytest.approx((-12, 12))] * 2


def test_it_is_drawn_only_where_it_decides_and_marked_where_it_goes_on():
    assert not _forest().tested  # better by the first test
    assert not _forest(OPEN).crossing
    far = _forest(OPEN, deciding={"a": (-9.0, -0.015)})
    assert far.crossing
    (axes,) = style.canvas(partial(draw_forest, far)).axes
    assert [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "<"] == [far.low]


def _far(verdict):
    return RANKING.iloc[:1].assign(contrast="d", effect=-9.0, low=-20.0, verdict=verdict)


def test_one_far_row_does_not_hide_the_others():
    far = pd.concat([RANKING, _far("inconclusive")])
    info = _forest(far, SEEDS | {"d": [-9.0]}, NOTES | {"d": ""})
    assert -60 < info.low < -30
    sure = pd.concat([RANKING, _far("better")])
    assert _forest(sure, SEEDS | {"d": [-9.0]}, NOTES | {"d": ""}).low < -9000


def test_curves_average_the_finished_seeds_only():
    info = curves_info(CURVES, ["reference", "tip"], "reference")
    assert info.reference.n == 2
    assert info.reference.mean.kid == pytest.approx((950, 350, 150))
    # two seeds 0.1 apart: t of one degree of freedom is 12.706
    assert info.reference.half == pytest.approx([12.706 * 100 / 2] * 3, rel=1e-3)
    (tip,) = info.cells
    assert (tip.n, tip.half) == (1, ())
    assert tip.mean.kid == pytest.approx((900, 200))
    assert [line.status for line in tip.seeds] == ["finished", "diverged"]


def test_curves_are_bounded_by_real_images_and_the_untrained_reference():
    info = curves_info(CURVES, ["reference", "tip"], "reference", floor=-0.002)
    assert info.bounds == pytest.approx((-2, 950))
    assert info.deep  # a logarithmic axis has no place for it
    assert not info._replace(logarithmic=False).deep
    assert not curves_info(CURVES, ["tip"], "reference", floor=0.02).deep
    trained = CURVES[CURVES["evaluation"] > 0]
    assert curves_info(trained, ["tip"], "reference").bounds == (None, None)


@pytest.mark.parametrize(("floor", "drawn"), [(None, []), (0.02, [20]), (-0.002, [])])
def test_the_floor_is_drawn_where_the_axis_has_a_place_for_it(floor, drawn):
    info = curves_info(CURVES, ["reference", "tip"], "reference", floor=floor)
    figure = draw_curves(info, marks.looks(["reference", "tip"], "reference"), marks.WIDE)
    dotted = [line.get_ydata()[0] for line in figure.axes[0].lines if line.get_linestyle() == ":"]
    assert dotted == pytest.approx([*drawn, 950])


def test_the_numbers_of_a_chart_are_those_of_the_picture():
    looks = marks.looks(["reference", "tip"], "reference")
    windows = {"reference": (5.0, 20.0)}
    info = curves_info(CURVES, ["reference", "tip"], "reference", windows)
    told = json.loads(json.dumps(chart_info(info, looks, "curves"), allow_nan=False))
    assert (told["floor"], told["ceiling"], told["logarithmic"]) == (None, 950, True)
    reference, tip = told["cells"]
    assert (reference["name"], reference["n"], reference["window"]) == ("reference", 2, [5, 20])
    assert reference["mean"] == {"x": [0, 10, 20], "y": [950, 350, 150]}
    assert len(reference["half"]) == 3
    assert (tip["half"], tip["window"], tip["colour"]) == ([], None, "var(--cell-1)")
    assert tip["seeds"][1] == {"x": [0], "y": [800], "seed": 1, "diverged": True}


def test_a_mean_stops_where_a_seed_has_no_value():
    rows = CURVES[
        ~((CURVES["cell"] == "reference") & (CURVES["seed"] == 1) & (CURVES["evaluation"] == 2))
    ]
    info = curves_info(rows, ["reference"], "reference")
    assert info.reference.mean.kid == pytest.approx((950, 350))


@pytest.mark.parametrize(
    ("kids", "logarithmic"),
    [((0.9, 0.3, 0.1), True), ((0.3, 0.25, 0.2), False), ((0.9, 0.1, -0.001), False)],
)
def test_axis_is_logarithmic_where_kid_is_positive_and_falls(kids, logarithmic):
    rows = [("reference", 0, "finished", n, 1.0 * n, kid) for n, kid in enumerate(kids)]
    assert curves_info(_curves(rows), ["reference"], "reference").logarithmic is logarithmic


def _training(points):
    return pd.DataFrame(
        {
            "cell": "reference",
            "seed": [seed for seed in (0, 1) for _ in range(points)],
            "kimg": [float(n) for _ in (0, 1) for n in range(points)],
            "discriminator_loss": [1.0 * seed for seed in (0, 1) for _ in range(points)],
            "generator_loss": 2.0,
            "real_accuracy": math.nan,
            "fake_accuracy": math.nan,
            "augmentation_probability": 0.0,
        }
    )


def test_dynamics_average_seeds_and_leave_out_what_nobody_logged():
    panels = dynamics_info(_training(1000), ["reference"])
    assert [panel.label for panel in panels] == ["discriminator loss", "generator loss"]
    augmented = _training(1000).assign(augmentation_probability=0.1)
    assert dynamics_info(augmented, ["reference"])[-1].label == "augmentation probability"
    (trace,) = panels[0].traces
    assert trace.n == 2
    assert len(trace.values) <= BINS + 1
    assert set(trace.values) == {0.5}


def test_the_pull_of_a_penalty_has_a_panel_of_its_own():
    """Told with evaluations alone: the rows between are no gaps."""
    rows = _training(10).assign(historical_pull=[0.5, *[math.nan] * 9] * 2)
    panel = dynamics_info(rows, ["reference"])[-1]
    assert panel.label == "pull of historical"
    ((_, _, values, _),) = panel.traces
    assert values == (0.5,)


def test_dynamics_of_nothing():
    assert dynamics_info(_training(10).iloc[:0], ["reference"]) == ()


def test_every_figure_draws_at_both_widths():
    looks = marks.looks(["reference", "tip"], "reference")
    curves = curves_info(CURVES, ["reference", "tip"], "reference")
    for draw, word in (
        (partial(draw_forest, _forest()), "KID × 10³"),
        (partial(draw_curves, curves, looks), "KID × 10³"),
        (partial(draw_dynamics, dynamics_info(_training(9), ["reference"]), looks), "loss"),
    ):
        drawing = style.drawing(draw)
        for svg in (drawing.svg, style.svg(draw, marks.NARROW)):
            assert svg.startswith("<svg")
            assert word in svg
        assert drawing.png.startswith(b"\x89PNG")


def test_words_of_others_are_escaped_in_svg():
    svg = style.svg(partial(draw_forest, _forest()), marks.WIDE)
    assert "Tip &lt;a&gt;" in svg
    assert "<a>" not in svg


def test_a_figure_is_the_same_each_time():
    draw = partial(draw_forest, _forest())
    assert style.svg(draw, marks.WIDE) == style.svg(draw, marks.WIDE)


def test_cells_look_different_and_the_reference_is_grey():
    cells = ["reference", *(f"c{n}" for n in range(20))]
    looks = marks.looks(cells, "reference")
    assert looks["reference"].colour == marks.REFERENCE
    assert len(set(looks.values())) == 21


@pytest.mark.parametrize(("count", "drawn"), [(2, 0), (3, 1), (4, 0), (5, 1)])
def test_a_free_place_shows_the_means_of_all_cells(count, drawn):
    cells = [f"c{number}" for number in range(count)]
    tip = CURVES[CURVES["cell"] == "reference"]
    rows = pd.concat([tip, *(tip.assign(cell=cell) for cell in cells)])
    info = curves_info(rows, ["reference", *cells], "reference")
    figure = draw_curves(info, marks.looks(["reference", *cells], "reference"), marks.WIDE)
    titles = [axes.get_title(loc) for axes in figure.axes for loc in ("left", "center")]
    assert titles.count("All cells (means)") == drawn
    lines = [len(axes.lines) for axes in figure.axes if axes.get_visible()]
    # all means, or two seeds and a mean, twice, and the colour by the title; and the ceiling
    assert lines == [count + 2] * drawn + [8] * count


@pytest.mark.parametrize(
    ("value", "text"),
    [(-3e6, "−3\u202f000\u202f000"), (0.05, "0.05"), (-0.5, "−0.5"), (1e7, "10\u202f000\u202f000")],
)
def test_axes_have_no_powers_of_ten(value, text):
    assert marks.ticked(value, 0) == text


LONG = "optimizer.generator.beta_1=0.5 and discriminator.normalization=batch_normalization, step "
NAMES = ["reference", f"{LONG}1", f"{LONG}2", f"1 {LONG}", f"2 {LONG}"]


def _named(draw):
    """The texts of a figure at both widths that are of one of the long names."""
    for width in (marks.WIDE, marks.NARROW):
        texts = [text.get_text() for text in draw(width).findobj(Text)]
        flat = [text.replace("\n", "").replace(" ", "") for text in texts]
        yield [name for name in NAMES[1:] if any(name.replace(" ", "") in one for one in flat)]


def _reference_as(name):
    return CURVES[CURVES["cell"] == "reference"].assign(cell=name)


def test_long_names_are_whole():
    looks = marks.looks(NAMES, "reference")
    curves = curves_info(pd.concat(map(_reference_as, NAMES)), NAMES, "reference")
    training = pd.concat(_training(9).assign(cell=name) for name in NAMES)
    tips = pd.concat(
        RANKING.iloc[:1].assign(contrast=name, title=name, n=3) for name in NAMES[1:]
    ).reset_index(drop=True)
    of_tips = dict.fromkeys(NAMES, (-0.01,)), dict.fromkeys(NAMES, "a note")
    for draw in (
        partial(draw_curves, curves, looks),
        partial(draw_dynamics, dynamics_info(training, NAMES), looks),
        partial(draw_forest, _forest(tips, *of_tips)),
    ):
        for shown in _named(draw):
            assert shown == NAMES[1:]


def test_a_figure_is_drawn_once_for_each_of_its_files(monkeypatch):
    """Once for the SVG and once for the PNG: no further time to lay it out anew."""
    drawn = []
    figure = style.Figure.draw
    monkeypatch.setattr(style.Figure, "draw", lambda *given: drawn.append(1) or figure(*given))
    info = forest_info(RANKING, SEEDS, NOTES, KID, INNER)
    style.drawing(partial(draw_forest, info))
    assert len(drawn) == 2
