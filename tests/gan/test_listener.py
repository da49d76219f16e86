"""What a training leaves in its record, however it was cut off."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.execution.worker import listener
from harness.gan.data import load_images
from harness.gan.nearest_images import Nearest
from harness.gan.train.program import Program
from harness.gan.train.session import Session
from harness.metrics.nearest import compare_distances
from harness.metrics.neighbours import NEIGHBOURS
from harness.runs import layout
from harness.runs.digests import read_seal
from harness.runs.recorder import Recorder
from harness.runs.rows import Environment
from harness.runs.status import Status
from harness.runs.trial import Trial
from tests.training import PROGRAMS

pytestmark = pytest.mark.tf

PAIRS = (layout.NEAREST_PAIRS, layout.VALIDATION_PAIRS)


class Cut(BaseException):
    """A kill, as far as the record can tell."""


class Judge:
    """Better with every score, and killed at one of them."""

    identity = "judge"
    count = checked = 4

    def __init__(self, fatal: int | None) -> None:
        self.calls, self.fatal = 0, fatal
        self.with_fid: list[bool] = []

    def score(self, generate, latents, with_fid):
        self.with_fid.append(with_fid)
        if self.calls == self.fatal:
            raise Cut
        self.calls += 1
        kid = 1.0 / self.calls
        return {"kid": kid, "kid_blocks": [1.0, 2.0], "coverage": 1.0 / NEIGHBOURS}

    def score_untrained(self, generate, inputs):
        return self.score(generate, inputs, with_fid=False)

    def nearest(self, shown, batches):
        assert sum(map(len, batches)) == self.checked
        pairs = np.repeat(shown, 2, axis=0)
        shares = compare_distances(np.ones(4), np.ones(4))._asdict()
        counts = dict.fromkeys(("generated", "validation", "searched", "training"), 4)
        return Nearest(pairs, pairs[:12], counts | shares)


class Nothing:
    """No mirror."""

    def __getattr__(self, name):
        return lambda *arguments: None


@pytest.fixture
def program(tiny):
    """Compiled once, and reset by every session."""
    return PROGRAMS.get(tiny())


def _train(config, images, folder: Path, program, fatal: int | None):
    with Recorder(folder) as recorder:
        session = Session(config, images, Judge(fatal), program)
        recorder.start(config, Environment())
        if recorder.checkpoint.exists():
            session.restore(recorder.checkpoint)
            recorder.cut(session.iteration)
        return listener.Listener(session, recorder, Nothing(), False).run(lambda: False)


@pytest.mark.parametrize("fatal", [2, 4])  # in the middle, and at the end
def test_an_evaluation_that_was_cut_off_is_done_again(
    tiny, program, cache, tmp_path, monkeypatch, fatal
):
    """No checkpoint may stand between a training row and the evaluation due after it."""
    monkeypatch.setattr(listener, "CHECKPOINT_SECONDS", 0.0)
    config, folder = tiny(), tmp_path / "trials" / "key"
    images = load_images(config.data, cache)
    with pytest.raises(Cut):
        _train(config, images, folder, program, fatal)
    result = _train(config, images, folder, program, None)
    assert result.status is Status.FINISHED
    rows = Trial(folder).evaluation_rows("judge")
    assert [row["evaluation"] for row in rows] == [0, 1, 2, 3, 4]
    assert [row["iteration"] for row in rows] == config.evaluation_iterations
    near = Trial(folder).nearest()
    assert (near.metric, near.iteration, near.nearer) == ("judge", config.iterations, 0.5)
    assert not near.sign
    grid, pairs, real = (
        np.asarray(Image.open(path))
        for path in (Trial(folder).samples()[-1], *map(Trial(folder).picture, PAIRS))
    )
    assert (pairs.shape, real.shape) == ((96, 192), (16, 192))
    np.testing.assert_array_equal(pairs[:16, :16], grid[:16, :16])
    assert {*PAIRS, layout.NEAREST} <= read_seal(folder).files.keys()


class Watching(Judge):
    """Gives the KIDs it is told to, and notes which generators are kept before each of them."""

    def __init__(self, kids: list[float], folder: Path) -> None:
        super().__init__(None)
        self.kids, self.folder, self.kept = kids, folder / "generators", []

    def score(self, generate, latents, with_fid):
        self.kept.append({int(path.stem) for path in self.folder.glob("*.npz")})
        return {**super().score(generate, latents, with_fid), "kid": self.kids[self.calls - 1]}


def test_the_generators_of_the_last_fifth_the_best_and_the_last_are_kept(
    tiny, program, cache, tmp_path
):
    config, folder = tiny({"training.evaluations": 10}), tmp_path / "trials" / "key"
    images = load_images(config.data, cache)
    at = config.evaluation_iterations
    judge = Watching([9.0, 5.0, 6.0, 2.0, 4.0, 3.0, 7.0, 8.0, 8.0, 6.0, 6.0], folder)
    with Recorder(folder) as recorder:
        session = Session(config, images, judge, program)
        recorder.start(config, Environment())
        listener.Listener(session, recorder, Nothing(), False).run(lambda: False)
    during = [set(), {0}, {1}, {1, 2}, {3}, {3, 4}, {3, 5}, {3, 6}, {3, 7}, {3, 8}, {3, 9}]
    assert judge.kept == [{at[number] for number in kept} for kept in during]
    assert judge.with_fid == [False] * 9 + [True] * 2
    kept = sorted((folder / "generators").glob("*.npz"))
    assert [int(path.stem) for path in kept] == [at[3], at[9], at[10]]
    assert [session.load_generator(path) for path in kept] == [at[3], at[9], at[10]]


def test_a_closer_look_at_the_end_is_trained_scored_and_kept(tiny, program, cache, tmp_path):
    """Two evaluations in the first four fifths of 40 iterations, four in the last."""
    config = tiny({"training.evaluations": 6, "training.final_evaluations": 4})
    folder = tmp_path / "trials" / "key"
    images = load_images(config.data, cache)
    judge = Watching([9.0, 2.0, 6.0, 7.0, 8.0, 8.0, 6.0], folder)
    with Recorder(folder) as recorder:
        session = Session(config, images, judge, program)
        recorder.start(config, Environment())
        listener.Listener(session, recorder, Nothing(), False).run(lambda: False)
    rows = Trial(folder).evaluation_rows("judge")
    assert [row["iteration"] for row in rows] == [0, 16, 32, 34, 36, 38, 40]
    assert [row["evaluation"] for row in rows] == [0, 1, 2, 3, 4, 5, 6]
    assert judge.with_fid == [False] * 3 + [True] * 4
    kept = sorted((folder / "generators").glob("*.npz"))
    assert [int(path.stem) for path in kept] == [16, 34, 36, 38, 40]  # the best, and the window's
    assert Trial(folder).complete("judge", config.schedule)
    assert not Trial(folder).complete("judge", config.schedule._replace(evaluations=7))


def test_the_time_of_a_trial_leaves_compiling_out(tiny, cache):
    """Else the first of the trials that share a program would look slower than the others."""
    config = tiny()
    images = load_images(config.data, cache)
    program = Program(config, 1)
    times = []
    for seed in range(2):
        of = config.model_copy(update={"seed": seed})
        session = Session(of, images, Judge(None), program)
        start = time.perf_counter()
        list(session.events(lambda: False))
        times.append((session.seconds, time.perf_counter() - start))
    (cold, cold_wall), (warm, _) = times
    assert 0 < cold < cold_wall / 2  # most of the first is compiling
    assert warm > 0
