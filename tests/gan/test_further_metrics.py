"""A trial by several metrics: scored at the same evaluations, resumed, and caught up later."""

import shutil
from dataclasses import replace
from pathlib import Path

import keras
import pytest

from harness.config.further import scorings
from harness.config.identity import metric_request
from harness.config.runtime import Runtime
from harness.config.study import read
from harness.core.errors import HarnessError
from harness.execution.worker import listener
from harness.execution.worker.resume import resumed
from harness.execution.worker.trial import Context, run_trial
from harness.gan.data import load_images
from harness.gan.evaluate import Evaluator
from harness.gan.train.session import Session
from harness.plan.expand import expand_study
from harness.queue.base import Claim
from harness.runs.recorder import Recorder
from harness.runs.rows import Environment
from harness.runs.status import Status
from harness.runs.trial import Trial
from tests.conftest import TINY
from tests.gan.test_listener import Cut, Judge, Nothing
from tests.training import PROGRAMS

pytestmark = pytest.mark.tf


class Other(Judge):
    """A further metric that takes every generator for worse than the one before."""

    identity = "other"

    def score(self, generate, latents, with_fid):
        return {**super().score(generate, latents, with_fid), "kid": float(self.calls)}


def train(config, images, folder: Path, further: Judge):
    with Recorder(folder) as recorder:
        recorder.start(config, Environment())
        begin = lambda: Session(  # noqa: E731
            config, images, Judge(None), PROGRAMS.get(config), further=[further]
        )
        session = resumed(begin, recorder)
        return listener.Listener(session, recorder, Nothing(), False).run(lambda: False)


def test_both_metrics_have_every_evaluation_and_the_studys_chooses_the_best(tiny, cache, tmp_path):
    config, folder = tiny(), tmp_path / "key"
    result = train(config, load_images(config.data, cache), folder, Other(None))
    judge, other = (Trial(folder).evaluation_rows(name) for name in ("judge", "other"))
    assert [row["iteration"] for row in judge] == config.evaluation_iterations
    assert [row["iteration"] for row in other] == config.evaluation_iterations
    assert {row["kid"] for row in other} == {1.0, 2.0, 3.0, 4.0, 5.0}
    # by the other one the untrained generator would be the best, and be kept
    assert not (folder / "generators" / "00000000.npz").exists()
    assert [flag.identity for flag in result.flags if flag.identity] == []


@pytest.mark.parametrize("fatal", [0, 2, 4])
def test_a_kill_between_two_metrics_leaves_no_gap_and_no_double(tiny, cache, tmp_path, fatal):
    config, folder = tiny(), tmp_path / "key"
    images = load_images(config.data, cache)
    with pytest.raises(Cut):
        train(config, images, folder, Other(fatal))
    assert train(config, images, folder, Other(None)).status is Status.FINISHED
    for name in ("judge", "other"):
        rows = Trial(folder).evaluation_rows(name)
        assert [row["evaluation"] for row in rows] == [0, 1, 2, 3, 4]


@pytest.fixture
def plan(tmp_path):
    """A study that is judged by one small encoder, and scored by it in another way, too."""
    keras.utils.set_random_seed(0)
    path = tmp_path / "projection.keras"
    layers = [keras.Input((16, 16, 3)), keras.layers.AveragePooling2D(4), keras.layers.Flatten()]
    keras.Sequential([*layers, keras.layers.Dense(12, activation="relu")]).save(path)
    knobs = {**TINY, "augmentation.policy": "none", "evaluation.encoder": str(path)}
    baseline = "".join(f"  {name}: {value}\n" for name, value in knobs.items())
    text = f"title: T\nquestion: Q?\nseeds: 1\nheuristics: [spectral_norm]\nbaseline:\n{baseline}"
    further = f"metrics:\n- {{protocol: blocks, encoder: {path}, resizer: bicubic, samples: 256}}\n"
    (tmp_path / "a.yaml").write_text(text + further)
    return expand_study(read("a", tmp_path), None, {}, tmp_path / "plans")


@pytest.fixture
def run(plan, cache, tmp_path):
    """Run the reference of a plan as a worker does; its folder."""
    runtime = Runtime(tmp_path / "runs", tmp_path / "reports", tmp_path, tracking="disabled")
    shutil.copytree(cache, runtime.cache)

    def go(plan):
        trial = plan.trials[0]
        recorder = Recorder(runtime.trials / trial.key)
        context = Context(plan.record(), runtime, {"device": "CPU"}, PROGRAMS, lambda: False)
        claim = Claim(0, trial.key, trial.cell.label, trial.seed, order=0, attempt=1)
        with recorder:
            status = run_trial(trial.cell.trial(trial.seed), claim, recorder, context)
        assert status is Status.FINISHED
        return Trial(recorder.folder)

    return go


def requests(plan):
    return [metric_request(each) for each in scorings(plan.cells[0].config, plan.metrics)]


def test_a_worker_scores_by_the_metrics_of_the_plan_while_it_trains(plan, run, cache):
    trial = run(plan)
    config = trial.config()
    first, second = (trial.metric(request) for request in requests(plan))
    assert first != second
    for identity in (first, second):
        rows = trial.evaluation_rows(identity)
        assert [row["iteration"] for row in rows] == config.evaluation_iterations
    # the same generator on the same latents: what the other evaluator makes of it by itself
    _, by = scorings(config, plan.metrics)
    images = load_images(config.data, cache)
    session = Session(by, images, Evaluator(by, images, cache), PROGRAMS.get(by))
    session.load_generator(trial.folder / "generators" / f"{config.iterations:08d}.npz")
    last = session.score_values(config.training.evaluations)
    assert rows[-1]["kid"] == pytest.approx(last["kid"], rel=1e-6)
    assert rows[-1]["precision"] == last["precision"]


def test_a_metric_that_is_added_later_is_measured_on_the_kept_generators(plan, run):
    before = run(replace(plan, metrics=()))
    result = (before.folder / "result.json").read_bytes()
    first, second = requests(plan)
    assert before.metric(second) is None
    rows = before.evaluation_rows(before.metric(first))
    trial = run(plan)
    assert (trial.folder / "result.json").read_bytes() == result
    assert trial.evaluation_rows(trial.metric(first)) == rows
    assert trial.scored(second, trial.config().schedule)
    numbers = [row["evaluation"] for row in trial.evaluation_rows(trial.metric(second))]
    assert {0, 4} <= set(numbers)
    for path in (trial.folder / "generators").glob("*.npz"):
        path.unlink()
    for path in trial.folder.glob("evaluations/*bicubic*"):
        path.unlink()
    with pytest.raises(HarnessError, match="generators were removed"):
        run(plan)
