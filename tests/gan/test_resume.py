"""A training goes on from the newest state that is whole, and ends as if nothing had been."""

import json
import shutil

import numpy as np
import pytest
from test_listener import Cut, Judge, Nothing, program

from harness.core.errors import Damaged, HarnessError
from harness.execution.worker import listener
from harness.execution.worker.resume import resumed
from harness.gan.data import load_images
from harness.gan.train import checkpoint
from harness.gan.train.session import Session
from harness.runs.layout import ASIDE
from harness.runs.recorder import Recorder
from harness.runs.trial import Trial

pytestmark = pytest.mark.tf
__all__ = ["program"]


def truncated(path):
    path.write_bytes(path.read_bytes()[:-100])


def zeroed(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 512] = bytes(512)
    path.write_bytes(content)


def a_folder(path):
    path.unlink()
    path.mkdir()


def scores(iteration):
    """The judge's, as a function of how far the training is, so that repeats agree."""
    return {"kid": 1.0 / (1 + iteration), "kid_blocks": [1.0, 2.0], "coverage": 0.2}


@pytest.fixture
def train(tiny, program, tmp_path, monkeypatch):
    """Train in a folder until an evaluation that kills it, or to the end."""
    config = tiny()
    images = load_images(config.data, tmp_path / "cache")

    def go(name, fatal=None):
        judge = Judge(fatal)
        with Recorder(tmp_path / name) as recorder:
            recorder.start(config, {})
            session = resumed(lambda: Session(config, images, judge, program), recorder)
            real = judge.score

            def score(*arguments):
                real(*arguments)
                return scores(session.iteration)

            monkeypatch.setattr(judge, "score", score)
            begun = session.iteration
            result = listener.Listener(session, recorder, Nothing(), False).run(lambda: False)
        return begun, result

    return go


def cut_off(train, folder, at=3):
    with pytest.raises(Cut):
        train(folder.name, fatal=at)
    return sorted(path.name for path in (folder / "checkpoint").iterdir())


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
def test_a_damaged_checkpoint_is_kept_aside_and_the_one_before_it_taken(train, tmp_path, damage):
    train("whole")
    folder = tmp_path / "damaged"
    assert cut_off(train, folder) == ["before.npz", "best.npz", "last.npz"]
    damage(folder / "checkpoint/last.npz")
    begun, _ = train("damaged")
    assert begun > 0
    same(tmp_path / "whole", folder)
    [kept] = Trial(folder).aside()
    assert kept.endswith("checkpoint-last.npz")
    assert "checkpoint/last.npz is damaged" in (folder / "log.txt").read_text()
    assert f"{ASIDE}/{kept}" in (folder / "log.txt").read_text()


def test_without_a_whole_checkpoint_it_begins_anew(train, tmp_path):
    train("whole")
    folder = tmp_path / "damaged"
    for name in cut_off(train, folder):
        zeroed(folder / "checkpoint" / name)
    begun, _ = train("damaged")
    assert begun == 0
    assert len(Trial(folder).aside()) == 3
    same(tmp_path / "whole", folder)


@pytest.mark.parametrize("name", ["metrics.jsonl", "evaluations/judge.jsonl"])
@pytest.mark.parametrize("how", ["lost", "damaged", "deleted"])
def test_rows_that_led_to_a_checkpoint_cannot_be_missing(train, tmp_path, name, how):
    train("whole")
    folder = tmp_path / "damaged"
    cut_off(train, folder)
    lines = (folder / name).read_text().splitlines(keepends=True)
    changed = {"lost": lines[:1] + lines[2:], "damaged": [lines[0], "\0" * 40 + "\n", *lines[2:]]}
    (folder / name).unlink()
    if how != "deleted":
        (folder / name).write_text("".join(changed[how]))
    begun, _ = train("damaged")
    assert begun == 0
    same(tmp_path / "whole", folder)
    assert "lost" in (folder / "log.txt").read_text() or how == "damaged"


def test_nothing_is_assigned_from_a_checkpoint_whose_end_is_damaged(train, tmp_path, tiny, program):
    folder = tmp_path / "damaged"
    cut_off(train, folder)
    path = folder / "checkpoint/last.npz"
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
