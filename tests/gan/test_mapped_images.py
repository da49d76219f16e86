"""Training images on disk: those that were read are no part of a worker's memory for good."""

import re
from pathlib import Path

import numpy as np
import pytest

from harness.config.patch import resolve
from harness.gan.data import load_images
from harness.gan.data.store import let_go
from harness.gan.train import session as session_module
from harness.gan.train.batches import Batches
from harness.gan.train.program import Programs
from harness.gan.train.session import Session
from tests.conftest import TINY

pytestmark = pytest.mark.tf

BATCH = 64


def resident(file):
    """kB of the mappings of a file that this process holds."""
    parts = re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text())
    mapped = [part for part in parts if str(file) in part.splitlines()[0]]
    return sum(int(re.search(r"^Rss: +(\d+)", part, re.MULTILINE)[1]) for part in mapped)


def test_images_that_were_read_are_let_go(tmp_path):
    file = tmp_path / "images.npy"
    images = np.random.default_rng(0).integers(0, 256, (1024, 32, 32, 3), dtype=np.uint8)
    np.save(file, images)
    batches = Batches(np.load(file, mmap_mode="r")[:1000], BATCH, seed=0)
    first, indices = batches.call(0, 15, 1)
    before = first.numpy()
    assert resident(file) > 2000
    let_go(batches.images)
    assert resident(file) == 0
    again, _ = batches.call(0, 15, 1)
    np.testing.assert_array_equal(again.numpy(), before)
    np.testing.assert_array_equal(before[indices[0, 0]], images[batches.indices(0)])


def test_images_in_memory_stay():
    images = np.random.default_rng(0).integers(0, 256, (100, 8, 8, 3), dtype=np.uint8)
    batches = Batches(images.copy(), BATCH, seed=0)
    let_go(batches.images)
    np.testing.assert_array_equal(batches.images, images)


def test_they_are_let_go_before_each_evaluation(tmp_path, monkeypatch):
    happened = []

    class Judge:
        identity, count = "judge", 8

        def score(self, generate, inputs, with_fid):
            happened.append("score")
            return {"kid": 1.0}

        def score_untrained(self, generate, inputs):
            return self.score(generate, inputs, with_fid=False)

    config = resolve([TINY])
    images = load_images(config.data, tmp_path)
    session = Session(config, images, Judge(), Programs().get(config))
    monkeypatch.setattr(session_module, "let_go", lambda _: happened.append("let go"))
    for _ in session.events(lambda: False):
        pass
    assert happened == ["let go", "score"] * len(config.evaluation_iterations)
