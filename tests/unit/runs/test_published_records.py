"""The records in reports/: what their pages set beside generated images, and below their curves."""

from pathlib import Path

import pytest

from harness.runs.layout import VALIDATION
from harness.runs.plan import read_plan
from harness.runs.trial import Trial

RECORDS = sorted((Path(__file__).parents[3] / "reports").glob("*/record"))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.parent.name)
def test_a_published_record_has_validation_images_and_the_kid_of_real_ones(record):
    plan = read_plan(record / "studies" / record.parent.name / "plan.json")
    trials = {trial: Trial(record / "trials" / trial.key) for trial in plan.trials}
    abouts = [about for trial in trials.values() for about in trial.metrics().values()]
    assert len(abouts) >= len(trials)
    floors = {about.identity: about.real_kid for about in abouts}
    assert None not in floors.values()
    assert {(about.identity, about.real_kid) for about in abouts} == set(floors.items())
    first = min(plan.seeds)
    pictures = [one.picture(VALIDATION) for trial, one in trials.items() if trial.seed == first]
    assert len(pictures) == len(plan.cells)
    assert None not in pictures
    assert len({path.read_bytes() for path in pictures}) == 1  # all cells have the same images
