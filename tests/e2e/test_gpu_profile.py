"""The profile for a first half hour on a GPU, shrunk until a CPU trains it in seconds."""

import json

import pytest

from tests.e2e.place import Place

pytestmark = [pytest.mark.tf, pytest.mark.slow]
# the profile's cells, looks and schedule of evaluations; small networks, and images that are here
SHRUNK = {
    "data.name": "digits",
    "data.image_size": 16,
    "generator.width": 8,
    "discriminator.width": 8,
    "training.batch_size": 16,
    "training.kimg": 0.64,
    "evaluation.protocol": "subsets",
    "evaluation.encoder": "classifier",
    "evaluation.samples": 128,
    "evaluation.subset_size": 64,
}


def test_it_trains_to_its_first_look_and_reports(tmp_path, cache):
    place = Place(tmp_path / "place")
    (place.folder / "runs").mkdir()
    cache.mkdir(exist_ok=True)
    (place.folder / "runs/cache").symlink_to(cache.resolve())
    changes = [f"--set={name}={value}" for name, value in SHRUNK.items()]
    code, output, errors = place.here("run", "three_tips", "--profile", "gpu", *changes)
    assert (code, errors) == (0, ""), output + errors
    results = [json.loads((one / "result.json").read_text()) for one in place.trials()]
    assert [one["status"] for one in results] == ["finished"] * 32
    [plan] = place.folder.glob("runs/studies/three_tips-gpu-*/plan.json")
    # so short a training teaches the reference nothing, which the first look finds
    [look] = json.loads(plan.read_text())["looks"]["taken"]
    assert look["seeds"] == list(range(8))
    [scores] = place.trials()[0].glob("evaluations/*.jsonl")
    assert len(scores.read_text().splitlines()) == 7
    assert list(place.folder.glob("reports/three_tips-gpu-*/index.html"))
