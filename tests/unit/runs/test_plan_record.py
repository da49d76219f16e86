"""A run's plan.json: what is read is written again byte for byte, and damage is named by field."""

import json
from pathlib import Path

import pytest

from harness.config.study import read
from harness.core.errors import Damaged, HarnessError
from harness.core.files import json_text, write_json
from harness.plan.expand import expand_study
from harness.runs.plan import PlanRecord, read_plan, write_plan

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "reports/card_tips_cifar10/record/studies/card_tips_cifar10/plan.json"
TIP, OFF = "adam_beta_1_half", "adam_beta_1_half=off"


@pytest.fixture(scope="module")
def document():
    """A published plan as plain data."""
    return json.loads(PUBLISHED.read_text())


@pytest.fixture
def plan(document):
    return PlanRecord.parse(document, Path("plan.json"))


def test_a_published_plan_is_written_again_byte_for_byte(plan):
    assert json_text(plan.to_json()) == PUBLISHED.read_text()


@pytest.mark.parametrize("study", ["factorial_norms", "hunt", "tuned"])
def test_a_plan_of_each_kind_is_read_as_it_was_made(study, tmp_path):
    text = {
        "factorial_norms": "design: factorial\nheuristics: [adam_beta_1_half, spectral_norm]\n",
        "hunt": "design: search\nseeds: 1\nsearch: {trials: 2, space: "
        "{training.ema: {low: 0.0, high: 0.9}}}\n",
        "tuned": "heuristics: [spectral_norm]\ntune: {seeds: [9], values: "
        "{training.ema: [0.0, 0.9]}}\n",
    }[study]
    (tmp_path / f"{study}.yaml").write_text(
        f"title: t\nquestion: q\nbaseline: {{data.name: digits, data.image_size: 16}}\n{text}"
    )
    made = expand_study(read(study, tmp_path), None, {}, tmp_path).record()
    path = tmp_path / "plan.json"
    write_plan(path, made)
    before = path.read_bytes()
    again = read_plan(path)
    assert again == made
    write_plan(path, again)
    assert path.read_bytes() == before
    assert ("search" in json.loads(before)) is (study == "hunt")
    assert ("tuning" in json.loads(before)) is (study == "tuned")


OLDER = ("threshold", "declared", "crossed", "equivalence", "sources", "note", "changes", "metric")


def test_an_older_plan_has_defaults_and_is_written_without_them(document):
    older = {name: value for name, value in document.items() if name not in OLDER}
    older["cells"] = [{**cell} for cell in older["cells"]]
    for cell in older["cells"]:
        del cell["warnings"]
    older["contrasts"] = [{"name": TIP, "weights": {"reference": 1, OFF: -1}}]
    plan = PlanRecord.parse(older, Path("plan.json"))
    assert (plan.threshold, plan.crossed, plan.equivalence) == (None, None, 0.05)
    assert plan.deviations == []
    assert plan.contrast(TIP).claims == ()
    assert json_text(plan.to_json()) == json_text(older)


def test_keys_of_a_later_version_are_kept_also_where_the_plan_is_changed(document):
    later = {**document, "budget": {"hours": 3}}
    later["cells"] = [{**cell, "colour": "red"} for cell in later["cells"]]
    plan = PlanRecord.parse(later, Path("plan.json"))
    assert plan.to_json() == later
    assert plan.replaced(title="another").to_json() == {**later, "title": "another"}


def test_what_is_changed_is_found_by_its_new_value(plan):
    part = plan.part("reference".__eq__)
    assert (plan.cell(OFF).label, part.labels) == (OFF, ["reference"])
    with pytest.raises(HarnessError, match="unknown cell 'adam_beta_1_half=off'"):
        part.cell(OFF)
    assert {trial.cell for trial in part.trials} == {"reference"}
    with pytest.raises(TypeError, match="no field 'titel'"):
        plan.replaced(titel="x")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"title": None}, "'title' should be a valid string"),
        ({"seeds": ["0"]}, r"'seeds\[0\]' should be a valid integer"),
        ({"seeds": [True]}, r"'seeds\[0\]' should be a valid integer"),
        ({"cells": [{"label": "a"}]}, r"it lacks 'cells\[0\].request'"),
        ({"cells": {}}, "'cells' should be a list"),
        ({"trials": [{"cell": "a", "seed": 1, "key": 5}]}, r"'trials\[0\].key' should be"),
        ({"contrasts": [{"name": "a", "weights": {"b": "1"}}]},
         r"'contrasts\[0\].weights.b' should be a number"),
        ({"alpha": "0.05"}, "'alpha' should be a number"),
        ({"search": {"trials": 3}}, "it lacks 'search.layers'"),
        ({"tuning": {"seeds": [1]}}, "it lacks 'tuning.points'"),
        ({"crossed": {"scales": 3}}, "'crossed.scales' should be a list"),
    ],
)  # fmt: skip
def test_damage_is_named_by_its_field(document, tmp_path, change, why):
    path = tmp_path / "plan.json"
    write_json(path, {**document, **change})
    with pytest.raises(Damaged, match=rf"plan\.json: damaged: {why}"):
        read_plan(path)


def test_a_number_that_changed_is_damage_and_a_plan_without_a_digest_is_read(plan, tmp_path):
    path = tmp_path / "plan.json"
    assert read_plan(path) is None
    write_plan(path, plan)
    assert read_plan(path) == plan
    path.write_text(path.read_text().replace('"alpha": 0.05', '"alpha": 0.15'))
    with pytest.raises(Damaged, match=r"plan\.json: damaged: it does not hold what was recorded"):
        read_plan(path)
    write_json(path, plan.to_json())  # as an earlier version wrote it, and as records are published
    assert read_plan(path) == plan
    write_json(path, {"title": ""})
    with pytest.raises(Damaged, match="it lacks 'run_name'"):
        read_plan(path)


def test_only_what_serves_no_tuning_is_judged(plan):
    tuning = {"seeds": [9], "points": {"reference": {"a": "reference at a"}}, "chosen": {},
              "untuned": {"reference": "reference"}}  # fmt: skip
    tuned = PlanRecord.parse({**plan.to_json(), "tuning": tuning}, Path("plan.json"))
    assert tuned.judged.labels == ["reference"]
    assert set(tuned.unjudged.labels) == set(plan.labels) - {"reference"}
    assert len(tuned.judged.trials) + len(tuned.unjudged.trials) == len(plan.trials)
    assert plan.judged == plan


def test_a_declared_value_that_is_another_now_is_a_deviation(plan):
    assert plan.deviations == []
    assert plan.replaced(alpha=0.1).deviations == [("alpha", 0.05, 0.1)]
    assert plan.replaced(seeds=(0,)).deviations == [("seeds", plan.declared["seeds"], [0])]
