"""Cells, contrasts and keys of two shipped studies as they were. `make golden` writes them anew."""

import json
import os
from pathlib import Path

import pytest

from harness.config.study import read
from harness.core.files import read_json
from harness.plan.expand import expand_study

HERE = Path(__file__).parent
STUDIES = HERE.parents[1] / "studies"


@pytest.mark.parametrize(("study", "profile"), [("bn_ablation", "cpu"), ("loss_ablation", "smoke")])
def test_a_study_expands_as_it_did(study, profile, tmp_path):
    plan = expand_study(read(study, STUDIES), profile, {}, tmp_path)
    keys = {
        cell.label: [trial.key for trial in plan.trials if trial.cell is cell]
        for cell in plan.cells
    }
    contrasts = [[item.name, item.following, item.ignoring] for item in plan.contrasts]
    now = {"run_name": plan.run_name, "keys": keys, "contrasts": contrasts}
    file = HERE / f"expand_{study}.json"
    if os.environ.get("HARNESS_GOLDEN"):
        file.write_text(json.dumps(now, indent=1) + "\n")
    assert read_json(file) == now
