"""What the caption of the forest plot says of what is drawn, and what is left out of both."""

from pathlib import Path

import pytest

from harness.analysis.frame import load
from harness.report.blocks import Figure
from harness.report.data import analyse
from harness.report.sections import verdict
from tests.synthetic import TIDY, TIPS, Recipe, build

SEEDS = 7
FAILED = [(Recipe.label(TIPS[1]), 1)]


def _caption(data):
    return next(block for block in verdict.build(data) if isinstance(block, Figure)).caption


@pytest.fixture
def data(tmp_path: Path):
    recipe = Recipe(tips=TIPS[:2], seeds=range(SEEDS), diverged=FAILED, crashed=(), missing=())
    return analyse(load(Recipe.run_name, build(tmp_path, recipe)))


def test_it_says_why_a_thick_interval_reaches_beyond_the_thin_one(data):
    (failed,) = data.ranking.loc[data.ranking["diverged"] > 0, "contrast"]
    assert "It inverts exact sign-flip tests" not in _caption(data)
    vars(data)["deciding"] = {failed: (-2.0, 2.0)}
    assert "It inverts exact sign-flip tests" in _caption(data)


def test_no_thick_interval_needs_no_word_where_all_are_decided(tmp_path: Path):
    recipe = Recipe(tips=TIPS[:1], seeds=range(8), diverged=(), crashed=(), missing=())
    decided = analyse(load(TIDY.run_name, build(tmp_path, recipe)))
    assert set(decided.ranking["verdict"]) == {"better"}
    assert decided.deciding
    assert "Thick" not in _caption(decided)
    assert "too few seeds" not in _caption(decided)
