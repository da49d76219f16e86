"""How many images of what: on the first screen, in methods and provenance, for terminal and W&B."""

from pathlib import Path

import pytest

from harness.analysis.frame import load
from harness.config.inputs.facts import flat, terms
from harness.core.files import read_json, write_json
from harness.mirror.content import trial_config
from harness.report import summarise_run
from harness.report.data import analyse
from harness.report.record import publish_record
from harness.report.sections import methods, provenance, verdict
from harness.runs.plan import read_plan
from harness.runs.trial import Trial
from tests.synthetic import Recipe, build

RUN = Recipe.run_name
LOST = "2 of 60 files of split train are unreadable and left out: a/torn.png (truncated)"
FACTS = {
    "name": "folder", "classes": 2, "left_out": {"hidden": 1}, "notes": [LOST],
    "train": {"split": "train", "found": 60, "used": 58, "by_class": {"ant": 30, "bee": 28},
              "left_out": {"truncated": 2}, "enlarged": 0},
    "validation": {"split": "test", "found": 40, "used": 40, "by_class": {"ant": 20, "bee": 20},
                   "left_out": {}, "enlarged": 3},
}  # fmt: skip


@pytest.fixture
def runtime(tmp_path: Path, small):
    """A small study, each of whose trials says what it was trained on."""
    made = build(tmp_path, small)
    for row in read_json(made.study(RUN) / "plan.json")["trials"]:
        write_json(made.trials / row["key"] / "images.json", FACTS)
    return made


def test_a_report_says_how_many_images_of_what(runtime):
    data = analyse(load(RUN, runtime))
    assert "58 images" in verdict._trained_on(data)[2]
    assert "(58 training images)" in methods.build(data)[-1].text
    said = dict(provenance._images(data))
    assert said["Training images"] == (
        "60 of split train found, 58 used (left out: 2 × truncated); ant: 30, bee: 28"
    )
    assert said["Validation images"] == "40 of split test, 3 enlarged; ant: 20, bee: 20"
    assert said["Classes"] == "2"


def test_classes_of_equal_size_are_counted_once():
    by_class = {"0": 5000, "1": 5000, "2": 5000}
    facts = {**FACTS, "train": {**FACTS["train"], "by_class": by_class}}
    (_, words), *_ = terms(facts)
    assert words.endswith("; 5\u202f000 of each of 3 classes")
    facts = {**FACTS, "train": {**FACTS["train"], "by_class": {**by_class, "2": 4000}}}
    (_, words), *_ = terms(facts)
    assert words.endswith("; 0: 5\u202f000, 1: 5\u202f000, 2: 4\u202f000")


def test_what_was_left_out_weakens_the_comparison_and_is_said_once(runtime):
    assert [text for text in analyse(load(RUN, runtime)).checks if "torn" in text] == [
        f"Images: {LOST}."
    ]
    assert f"Images: {LOST}." in summarise_run(RUN, runtime).notes


def test_cells_on_other_images_are_told_apart(runtime, small):
    cell = read_json(runtime.study(RUN) / "plan.json")["trials"][1]
    other = {**FACTS, "train": {**FACTS["train"], "found": 30, "used": 30}, "notes": []}
    for row in read_json(runtime.study(RUN) / "plan.json")["trials"]:
        if row["cell"] == cell["cell"]:
            write_json(runtime.trials / row["key"] / "images.json", other)
    rows = provenance._images(analyse(load(RUN, runtime)))
    assert f"folder ({small.name(cell['cell'])})" in [
        text for title, text in rows if title == "Data set"
    ]


def test_an_older_record_has_what_the_catalogue_says(tmp_path, small):
    data = analyse(load(RUN, build(tmp_path, small)))
    assert "50\u202f000 images" in verdict._trained_on(data)[2]
    assert provenance._images(data) == [("Training images", "50\u202f000 by the catalogue")]
    assert not [text for text in data.checks if text.startswith("Images")]


def test_the_facts_are_published_and_mirrored(runtime):
    folder = publish_record(RUN, runtime)
    plan = read_plan(runtime.study(RUN) / "plan.json")
    planned = plan.trials[0]
    assert read_json(folder / "trials" / planned.key / "images.json") == FACTS
    shown = trial_config(plan, planned, Trial(runtime.trials / planned.key))
    assert shown["images.train.used"] == 58
    assert shown["images.train.left_out"] == 2
    assert shown["images.other_files"] == 1
    assert flat(FACTS).items() <= shown.items()
