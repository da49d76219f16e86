"""A folder as people have them, from plan to report: what is left out is said in every place."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.core.files import read_json
from tests.e2e.place import Place

pytestmark = [pytest.mark.tf, pytest.mark.slow]

STUDY = """title: T
question: Q?
baseline:
  data.name: folder
  data.path: photos
  data.image_size: 16
  generator.width: 8
  discriminator.width: 8
  training.batch_size: 16
  training.kimg: 0.32
  training.evaluations: 2
  evaluation.protocol: subsets
  evaluation.encoder: classifier
factors:
  optimizer.generator.beta_1: [0.5, 0.9]
design: one_at_a_time
seeds: 1
"""


@pytest.fixture
def place(tmp_path):
    """Two classes, one of them by a link and of a name that is no UTF-8, and what is no image."""
    random, elsewhere = np.random.default_rng(0), tmp_path / "elsewhere"
    for folder in (tmp_path / "photos/ant", elsewhere):
        folder.mkdir(parents=True)
        for number in range(30):
            pixels = random.integers(0, 256, (20, 24, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"\udcff{number}", "PNG")
    (tmp_path / "photos/bee").symlink_to(elsewhere)
    whole = (elsewhere / "\udcff0").read_bytes()
    (elsewhere / "\udcfetorn.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "photos/notes.txt").write_text("x")
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/mine.yaml").write_text(STUDY)
    return tmp_path


@pytest.fixture
def call(place):
    """The command line in that place, in a process of its own: what it prints."""

    def run(*arguments, code=0):
        ended = subprocess.run(
            [sys.executable, "-m", "harness", *arguments],
            cwd=place,
            env={**os.environ, "HARNESS_RUNS": "runs", "HARNESS_REPORTS": "reports",
                 "WANDB_MODE": "offline", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )  # fmt: skip
        assert ended.returncode == code, ended.stderr
        return ended.stdout + ended.stderr

    return run


@pytest.fixture
def look(place, monkeypatch):
    """The command line in that place and this process: what it prints."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments, code=0):
        ended, output, errors = Place(place).call(*arguments)
        assert ended == code, errors
        return output + errors

    return run


def test_what_is_left_out_is_said_in_every_place(place, call, look):
    (data,) = json.loads(look("plan", "mine", "--json"))["data"]
    assert data["place"] == str(place / "photos")
    assert data["train"]["found"] + data["validation"]["found"] == 61
    assert data["left_out"] == {"not an image": 1}
    assert "notes.txt" in look("plan", "mine")

    torn = "\\xfetorn.png (truncated)"
    said = call("run", "mine", "--workers", "1")
    assert torn in said
    assert "runs 1 written, 2 already complete" in said  # what was shown live is in the record
    first = next(Path(place, "runs/trials").iterdir())
    facts = read_json(first / "images.json")
    assert facts["train"]["used"] + facts["validation"]["used"] == 60
    assert facts["train"]["by_class"].keys() == {"ant", "bee"}
    assert torn in (first / "log.txt").read_text(encoding="utf-8")
    report = Path(place, "reports/mine/report.md").read_text(encoding="utf-8")
    assert torn in report.replace("\\\\", "\\")
    assert f"{facts['train']['used']} training images" in report
    assert torn in call("plan", "mine")

    refused = look("plan", "mine", "--set", "evaluation.protocol=blocks", code=2)
    assert "set evaluation.protocol: subsets and evaluation.subset_size" in refused

    changed = place / "photos/ant/one_more.png"
    Image.new("RGB", (20, 20)).save(changed)
    assert "have changed since this run was started" in look("plan", "mine")
    (place / "photos").rename(place / "gone")
    assert "relative paths start at" in look("plan", "mine", code=2)
    assert "Report:" in look("report", "mine")  # from the record, which is whole
