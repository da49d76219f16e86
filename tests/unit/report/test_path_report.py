"""A report on a path: its order in the plot and in words, the step in every name."""

import pytest

from harness.analysis.frame import load
from harness.core.files import read_json, write_json
from harness.report import summarise_run
from harness.report.data import analyse
from harness.report.sections import ranking, verdict
from tests.synthetic import TIDY, TIPS, build

STEPS = ["batch_norm_in_discriminator", "label_smoothing", "spectral_norm", "adam_beta_1"]
TITLES = [tip.title for name in STEPS for tip in TIPS if tip.name == name]


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The record of a study whose contrasts are named as those of a path."""
    runtime = build(tmp_path_factory.mktemp("path"), TIDY)
    file = runtime.study(TIDY.run_name) / "plan.json"
    plan = read_json(file)
    steps = plan["contrasts"][::-1]
    for number, contrast in enumerate(steps, 1):
        contrast |= {"name": f"{contrast['name']} (step {number})", "design": "path"}
        contrast["title"] = f"Step {number}: {contrast['title']}"
    write_json(file, plan | {"design": "path", "contrasts": steps})
    return runtime


@pytest.fixture(scope="module")
def data(walked):
    return analyse(load(TIDY.run_name, walked))


def test_the_forest_is_in_the_order_of_the_path(data):
    (figure,) = [block for block in verdict.build(data) if block.kind == "figure"]
    places = [figure.alt.index(f"Step {number}:") for number in (1, 2, 3, 4)]
    assert places == sorted(places)
    by_effect = list(data.ranking["contrast"])
    assert by_effect != sorted(by_effect, key=lambda name: name[-2])  # the ranking is not


def test_the_ranking_names_the_steps_their_order_and_the_alternative(data):
    blocks = ranking.build(data)
    text = " ".join(block.text for block in blocks if block.kind == "text")
    assert "all else equal, after the steps before it" in text
    assert f"Path: reference → {' → '.join(TITLES)}." in text
    assert f"the reverse order ({' → '.join(TITLES[::-1])})" in text
    table = next(block for block in blocks if block.kind == "table")
    tips = {row[1].text.split(":")[0]: row[1].detail for row in table.rows}
    assert tips["Step 1"].startswith(f"on the baseline; in the reverse order after {TITLES[3]}, ")
    assert tips["Step 2"] == (
        f"after {TITLES[0]}; in the reverse order after {TITLES[3]}, {TITLES[2]}"
    )


def test_the_terminal_names_design_and_steps(walked):
    (table,) = summarise_run(TIDY.run_name, walked).tables
    assert table.title.startswith("Each change added to those before it: effect on KID × 10³")
    assert {row[0][:6] for row in table.rows} == {f"Step {number}" for number in (1, 2, 3, 4)}
