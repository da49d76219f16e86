"""Which evaluations a number is averaged over, and whether the reference still learns in them."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.convergence import falling, last_kid, window
from harness.analysis.effects import margin
from harness.analysis.frame import load
from harness.core.files import read_json, write_json
from harness.report import words
from harness.report.data import analyse
from harness.report.plots.curves import curves_info, draw_curves
from harness.report.plots.marks import WIDE, looks
from harness.report.sections import curves, verdict
from tests.synthetic import BASELINE, TIDY, TIPS, Recipe, build

RUN = Recipe.run_name
SMALL = replace(TIDY, tips=TIPS[:1], seeds=range(3))


def _frames(tmp_path: Path, last=None, evaluations=10, final_evaluations=0, **plan):
    """A study whose reference has the KIDs `last` at its last evaluations, in every seed."""
    when = {"training.evaluations": evaluations, "training.final_evaluations": final_evaluations}
    recipe = replace(SMALL, baseline=BASELINE | when)
    runtime = build(tmp_path, recipe)
    document = read_json(path := runtime.study(RUN) / "plan.json")
    write_json(path, document | plan)
    frames = load(RUN, runtime)
    for number, kid in zip(range(evaluations, 0, -1), reversed(last or ()), strict=False):
        own = (frames.curves["cell"] == "reference") & (frames.curves["evaluation"] == number)
        frames.curves.loc[own, "kid"] = kid
    reference = frames.trials["cell"] == "reference"
    identity = frames.trials.loc[reference, "identity"].iloc[0]
    return frames, identity


@pytest.mark.parametrize(
    ("evaluations", "final", "first", "share"),
    [(10, 0, 9, 0.9), (5, 0, 5, 1.0), (8, 0, 7, 0.875), (1, 0, 1, 1.0), (8, 4, 5, 0.85)],
)
def test_the_window_is_what_final_averages(tmp_path: Path, evaluations, final, first, share):
    frames, identity = _frames(tmp_path, evaluations=evaluations, final_evaluations=final)
    found = window(frames, "reference", identity)
    assert (found.first, found.last) == (first, evaluations)
    assert (found.start, found.end) == pytest.approx((share * 128, 128), abs=0.1)
    own = frames.curves[frames.curves["cell"] == "reference"]
    inside = own[own["evaluation"].between(found.first, found.last)]
    value = inside.groupby("seed")["kid"].mean()
    trials = frames.trials[frames.trials["cell"] == "reference"].set_index("seed")["final"]
    assert list(trials) == pytest.approx(list(value))
    low, high = found.shaded
    outside = own[~own["evaluation"].between(found.first, found.last)]
    assert inside["kimg"].between(low, high).all()
    assert not outside["kimg"].between(low, high).any()


def test_a_window_with_more_evaluations_is_as_long(tmp_path: Path):
    """The last of the early ones is where it begins, so the fall is over all of it."""
    frames, identity = _frames(
        tmp_path, [0.30, 0.10, 0.10, 0.10, 0.10], evaluations=8, final_evaluations=4
    )
    found = window(frames, "reference", identity)
    assert (found.first, found.last) == (5, 8)
    kimg = (found.before, found.start, found.end)
    assert kimg == pytest.approx((0.8 * 128, 0.85 * 128, 128), abs=0.1)
    still = falling(frames, identity)
    assert (still.fall, still.start, still.end) == pytest.approx((0.2, 0.8 * 128, 128), abs=0.1)


def test_other_objectives_have_no_such_window(tmp_path: Path):
    frames, identity = _frames(tmp_path, objective="area")
    assert window(frames, "reference", identity) is None
    assert falling(frames, identity) is None
    assert words.window(analyse(frames), identity) == ""
    assert not [line for line in _texts(frames) if "Shaded" in line]


def test_the_reference_falls_by_more_than_the_margin(tmp_path: Path):
    frames, identity = _frames(tmp_path, last=[0.30, 0.20, 0.10])
    half = margin(frames, identity)
    found = falling(frames, identity)
    assert (found.fall, found.margin, found.n) == pytest.approx((0.2, half, 3))
    assert (found.start, found.end) == pytest.approx((0.8 * 128, 128), abs=0.1)
    said = words.verdict(analyse(frames))
    assert "The reference has not converged: its KID × 10³ still falls by 200.0" in said
    assert f"more than the margin of equivalence ({half * 1000:.1f})" in said
    assert "how fast the cells learn" in said


@pytest.mark.parametrize("share", [0.9, -1.0])
def test_a_reference_that_falls_by_less_or_rises_has_converged(tmp_path: Path, share):
    frames, identity = _frames(tmp_path)
    end = 0.2
    frames, identity = _frames(
        tmp_path / "b", last=[end + share * margin(frames, identity), end, end]
    )
    assert falling(frames, identity) is None
    assert "converged" not in words.verdict(analyse(frames))


def test_nothing_is_said_of_what_is_not_known(tmp_path: Path):
    frames, identity = _frames(tmp_path, evaluations=1)  # before the window is the untrained one
    assert falling(frames, identity) is None
    frames, identity = _frames(tmp_path / "b", last=[0.9, 0.5, 0.1])
    again = replace(frames, curves=frames.curves[frames.curves["evaluation"] != 8])
    assert falling(again, identity) is None
    assert window(again, "reference", identity).shaded == pytest.approx((0.9 * 128, 128), abs=0.1)


def test_the_headline_says_its_window_and_where_the_curve_ends(tmp_path: Path):
    """A mean of a falling curve is no number at its end."""
    frames, identity = _frames(tmp_path, last=[0.30, 0.20, 0.10])
    assert last_kid(frames, "reference", identity) == pytest.approx(0.1)
    (numbers,) = [block for block in verdict.build(analyse(frames)) if block.kind == "numbers"]
    _, kids, said = numbers.numbers[0]
    assert kids.startswith("900.0 → ")
    assert said.startswith("KID × 10³; mean over 115.2 to 128 kimg; ")
    assert said.endswith("last 100.0")
    frames, identity = _frames(tmp_path / "b", evaluations=5)
    assert words.window(analyse(frames), identity) == "at 128 kimg"


def _texts(frames):
    return [block.caption for block in curves.build(analyse(frames)) if block.kind == "figure"]


def test_the_curves_shade_it(tmp_path: Path):
    frames, _ = _frames(tmp_path)
    (caption,) = _texts(frames)
    assert "Shaded: what the objective averages, the mean KID over the evaluations in" in caption
    spans = {"reference": (100.0, 128.0)}
    info = curves_info(frames.curves, ["reference", "adam_beta_1=ignoring"], "reference", spans)
    assert (info.reference.window, info.cells[0].window) == ((100.0, 128.0), None)
    styles = looks(["reference", "adam_beta_1=ignoring"], "reference")
    for shown, count in ((info._replace(cells=()), 1), (info, 0)):  # a panel is of its cell
        axes = draw_curves(shown, styles, WIDE).axes[0]
        assert len([patch for patch in axes.patches if patch.get_x() == 100.0]) == count
