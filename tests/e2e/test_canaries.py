"""Secrets of the environment, searched for in everything that a run prints and writes."""

import base64
import os
from urllib.parse import quote

import pytest

from tests.e2e.place import Place

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
def place(tmp_path, monkeypatch):
    """A place whose environment holds canaries, also for what is called in this process."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    place = Place(tmp_path)
    place.write(STUDY)
    place.environment |= {"HOME": str(tmp_path / "home"), **SECRETS}
    return place


def holding(folder, said):
    """Files below `folder`, and outputs, that hold a canary in any form."""
    texts = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    texts |= {f"output {number}": text.encode() for number, text in enumerate(said)}
    assert texts
    return [where for where, text in texts.items() if any(f.encode() in text for f in FORMS)]


@pytest.mark.tf
@pytest.mark.slow
def test_a_whole_run(place):
    """Trained, reported, mirrored offline, scored, exported, published beside its report.

    What writes to W&B or trains is a process; the other verbs are called in this one.
    """
    said = [place.run("run", "one", "--workers", "1"), place.run("sync", "one")]
    score = ("evaluate", "one", "--metric", "subsets", "--resolution", "32", "--workers", "1")
    said.append(place.drive(*score))
    for verb in (
        ["report", "one"], ["status"], ["show", place.trials()[0].name],
        ["export", "one", "--record"], ["export", "one", "--wandb-sweep", "-o", "sweep.yaml"],
        ["samples", "one", "--count", "4", "--out", "images.npz"],
    ):  # fmt: skip
        code, output, errors = place.call(*verb)
        assert code == 0, errors
        said += [output, errors]
    assert list(place.folder.glob("runs/studies/one/wandb/offline-run-*/*.wandb"))
    assert holding(place.folder, said) == []
