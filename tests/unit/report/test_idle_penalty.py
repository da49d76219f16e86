"""A penalty whose gradient is lost beside the loss's: drawn, flagged, and named in words."""

import json

import pytest

from harness.analysis.frame import load
from harness.core.files import read_json, write_json
from harness.report.data import analyse
from harness.report.sections import failures, training
from tests.synthetic import TIDY, Recipe, build

RUN = Recipe.run_name


@pytest.fixture
def data(tmp_path):
    """A study of which one cell's trials have a penalty; the others' rows know of none."""
    runtime = build(tmp_path)
    plan = read_json(runtime.study(RUN) / "plan.json")
    for row in plan["trials"]:
        folder = runtime.trials / row["key"]
        if row["cell"] != "spectral_norm=following" or not (folder / "result.json").exists():
            continue
        file, result = folder / "metrics.jsonl", read_json(folder / "result.json")
        lines = [json.loads(text) for text in file.read_text().splitlines()]
        lines[-1]["historical_pull"] = 0.0007
        file.write_text("".join(json.dumps(one) + "\n" for one in lines))
        flag = {"flag": "idle_penalty.historical", "kimg": 1.0, "identity": None}
        write_json(folder / "result.json", {**result, "flags": [flag]})
    return analyse(load(RUN, runtime))


def test_it_is_flagged_in_words(data):
    blocks = failures.build(data)
    (table,) = (block for block in blocks if getattr(block, "caption", "").startswith("Flags"))
    said = [(row[0], row[1]) for row in table.rows]
    words = "penalty historical does nothing here: its gradient is below 1 % of the loss's"
    assert (words, "Spectral normalisation in the discriminator: following") in said


def test_its_figure_is_explained(data):
    _, figure = training.build(data)
    assert "pull of historical" in figure.alt
    assert "as a share of that of the loss" in figure.caption


def test_a_study_without_penalties_says_nothing_of_them(tmp_path):
    data = analyse(load(RUN, build(tmp_path, TIDY)))
    _, figure = training.build(data)
    assert "pull" not in figure.alt + figure.caption
