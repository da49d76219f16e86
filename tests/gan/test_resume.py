"""A training goes on from the newest state that is whole, and ends as if nothing had been."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness.core.errors import Damaged, HarnessError
from harness.execution.worker import listener
from harness.execution.worker.resume import resumed
from harness.gan.data import load_images
from harness.gan.train import checkpoint
from harness.gan.train.session import Session
from harness.runs.layout import ASIDE
from harness.runs.recorder import Recorder
from harness.runs.rows import Environment
from harness.runs.trial import Trial
from tests.gan.test_listener import Cut, Judge, Nothing
from tests.training import PROGRAMS

pytestmark = pytest.mark.tf


def truncated(path):
    path.write_bytes(path.read_bytes()[:-100])


def zeroed(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 512] = bytes(512)
    path.write_bytes(content)


def a_folder(path):
    path.unlink()
    path.mkdir()


class Even(Judge):
    """Gives what is a function of how far the training is, so that repeats agree."""

    session: Session

    def score(self, generate, latents, with_fid):
        super().score(generate, latents, with_fid)
        kid = 1.0 / (1 + self.session.iteration)
        return {"kid": kid, "kid_blocks": [1.0, 2.0], "coverage": 0.2}


@pytest.fixture(scope="module")
def train(tiny, cache):
    """Train in a folder until an evaluation that kills it, or to the end; where it began."""
    config = tiny({"augmentation.policy": "adaptive", "augmentation.probability": 0.3})
    images = load_images(config.data, cache)

    def go(folder, fatal=None):
        judge = Even(fatal)
        with Recorder(folder) as recorder:
            recorder.start(config, Environment())
            begin = lambda: Session(config, images, judge, PROGRAMS.get(config))  # noqa: E731
            judge.session = resumed(begin, recorder)
            begun = judge.session.iteration
            listener.Listener(judge.session, recorder, Nothing(), False).run(lambda: False)
        return begun

    return go


@pytest.fixture(scope="module")
def whole(train, tmp_path_factory):
    """The folder of a training that nothing happened to."""
    folder = tmp_path_factory.mktemp("resume") / "whole"
    train(folder)
    return folder


@pytest.fixture(scope="module")
def cut_off(train, tmp_path_factory):
    """The folder of a training that was killed in its fourth evaluation."""
    folder = tmp_path_factory.mktemp("resume") / "cut_off"
    with pytest.raises(Cut):
        train(folder, fatal=3)
    return folder


@pytest.fixture
def folder(cut_off, tmp_path):
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(cut_off, tmp_path / "damaged"))


def same(one, two):
    clock = ("seconds", "evaluation_seconds", "images_per_second")
    for name in ("metrics.jsonl", "evaluations/judge.jsonl"):
        rows = [[json.loads(line) for line in (folder / name).read_text().splitlines()]
                for folder in (one, two)]  # fmt: skip
        timeless = [[{k: v for k, v in row.items() if k not in clock} for row in r] for r in rows]
        assert timeless[0] == timeless[1]
    last = sorted(one.glob("generators/*.npz"))[-1].name
    with np.load(one / "generators" / last) as a, np.load(two / "generators" / last) as b:
        assert all(np.array_equal(a[key], b[key]) for key in a.files)


@pytest.mark.parametrize("damage", [truncated, zeroed, a_folder])
def test_a_damaged_checkpoint_is_kept_aside_and_the_one_before_it_taken(
    train, whole, folder, damage
):
    kept = sorted(path.name for path in (folder / "checkpoint").iterdir())
    assert kept == ["before.npz", "best.npz", "last.npz"]
    damage(folder / "checkpoint/last.npz")
    assert train(folder) > 0
    same(whole, folder)
    [kept] = Trial(folder).aside()
    assert kept.endswith("checkpoint-last.npz")
    assert "checkpoint/last.npz is damaged" in (folder / "log.txt").read_text()
    assert f"{ASIDE}/{kept}" in (folder / "log.txt").read_text()


def test_without_a_whole_checkpoint_it_begins_anew(train, whole, folder):
    for path in (folder / "checkpoint").iterdir():
        zeroed(path)
    assert train(folder) == 0
    assert len(Trial(folder).aside()) == 3
    same(whole, folder)


@pytest.mark.parametrize("name", ["metrics.jsonl", "evaluations/judge.jsonl"])
@pytest.mark.parametrize("how", ["lost", "damaged", "deleted"])
def test_rows_that_led_to_a_checkpoint_cannot_be_missing(train, whole, folder, name, how):
    lines = (folder / name).read_text().splitlines(keepends=True)
    changed = {"lost": lines[:1] + lines[2:], "damaged": [lines[0], "\0" * 40 + "\n", *lines[2:]]}
    (folder / name).unlink()
    if how != "deleted":
        (folder / name).write_text("".join(changed[how]))
    assert train(folder) == 0
    same(whole, folder)
    assert "lost" in (folder / "log.txt").read_text() or how == "damaged"


def test_nothing_is_assigned_from_a_checkpoint_whose_end_is_damaged(folder, tiny):
    path = folder / "checkpoint/last.npz"
    program = PROGRAMS.get(tiny())
    variables = program.gan.variables()
    program.reset(tiny())
    before = {name: np.asarray(value) for name, value in variables.items()}
    content = bytearray(path.read_bytes())
    content[-3000] ^= 1
    path.write_bytes(content)
    with pytest.raises((Damaged, HarnessError)):
        checkpoint.load(path, variables)
    assert all(np.array_equal(before[name], np.asarray(variables[name])) for name in before)


def test_another_version_s_checkpoint_is_no_damage(tmp_path):
    import tensorflow as tf

    path = tmp_path / "a.npz"
    checkpoint.save(path, {"one": tf.Variable([1.0, 2.0])})
    for other in ({"two": tf.Variable([1.0, 2.0])}, {"one": tf.Variable([1.0])}):
        with pytest.raises(HarnessError, match="other variables than this version builds") as error:
            checkpoint.load(path, other)
        assert not isinstance(error.value, Damaged)
    shutil.rmtree(tmp_path)
