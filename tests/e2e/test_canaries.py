"""Secrets of the environment, searched for in everything that a run prints and writes."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

CANARY = "c4n4ry/of+the%environment"  # with what is written otherwise in a URL
STUDY = """title: T
question: Q?
baseline:
  data.name: digits
  data.image_size: 8
  generator.width: 8
  discriminator.width: 8
  training.batch_size: 16
  training.kimg: 0.32
  training.evaluations: 1
  evaluation.samples: 128
  evaluation.subset_size: 64
heuristics: [generator_ema]
design: one_at_a_time
seeds: 1
"""
ENCODED = quote(CANARY, safe="")
URL = f"postgresql://ann:{ENCODED}@127.0.0.1:1/queue?sslpassword={ENCODED}"
SECRETS = {
    **dict.fromkeys(
        ("WANDB_API_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "HF_TOKEN", "PGPASSWORD",
         "GITHUB_TOKEN", "OPENAI_API_KEY", "SOME_PASSWORD", "NOBODYS_BUSINESS"),
        CANARY,
    ),
    "DATABASE_URL": URL,
    "HTTPS_PROXY": f"http://ann:{ENCODED}@127.0.0.1:1",
    "WANDB_MODE": "offline",
}  # fmt: skip
FORMS = (CANARY, ENCODED, quote(CANARY), base64.b64encode(CANARY.encode()).decode())


@pytest.fixture
def harness(tmp_path):
    """The command line in a process with canaries: exit code and output."""
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/one.yaml").write_text(STUDY)
    keep = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    places = {"HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path(__file__).parents[2])}

    def go(*arguments, **more):
        ended = subprocess.run(
            [sys.executable, "-m", "harness", *arguments],
            cwd=tmp_path,
            env={**keep, **places, **SECRETS, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr

    return go


def holding(folder, said):
    """Files below `folder`, and outputs, that hold a canary in any form."""
    texts = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    texts |= {f"output {number}": text.encode() for number, text in enumerate(said)}
    assert texts
    return [where for where, text in texts.items() if any(f.encode() in text for f in FORMS)]


@pytest.mark.tf
@pytest.mark.slow
def test_a_whole_run(harness, tmp_path):
    """Trained, reported, mirrored offline, scored, exported, published beside its report."""
    said = [harness("run", "one", "--workers", "1")]
    assert said[0][0] == 0, said
    keys = [path.name for path in (tmp_path / "runs/trials").iterdir()]
    for verb in (
        ["report", "one"], ["status"], ["show", keys[0]], ["sync", "one"],
        ["evaluate", "one", "--metric", "subsets", "--resolution", "32", "--workers", "1"],
        ["export", "one", "--record"], ["export", "one", "--wandb-sweep", "-o", "sweep.yaml"],
        ["samples", "one", "--count", "4", "--out", "images.npz"],
    ):  # fmt: skip
        said.append(harness(*verb))
        assert said[-1][0] == 0, said[-1]
    assert list((tmp_path / "runs/studies/one/wandb").glob("offline-run-*/*.wandb"))
    assert holding(tmp_path, [text for _, text in said]) == []
