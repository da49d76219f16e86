"""The live mirror of an attempt ends with what the record says of it, as `sync` would write it."""

import mirrored
import pytest
from mirrored import CELL, KEY, RUN_NAME

from harness.analysis.scores import summarise_scores
from harness.execution.worker import drain
from harness.execution.worker.trial import Context
from harness.mirror.sync import sync_study
from harness.queue.base import Claim
from harness.runs.plan import read_plan
from harness.runs.recorder import Recorder
from harness.runs.rows import Pruned
from harness.runs.status import Status


@pytest.fixture
def attempted(tmp_path, monkeypatch):
    """Try the trial: logged are all rows, and then comes `end`; how the attempt ended."""
    mirrored.write_plan(tmp_path, [KEY])
    mirrored.write_trial(tmp_path, ending="going")
    runtime = mirrored.runtime(tmp_path)
    plan = read_plan(runtime.study(RUN_NAME) / "plan.json")
    context = Context(plan, runtime, {}, None, lambda: False)
    claim = Claim(0, KEY, CELL, 3, order=0, attempt=1)

    def attempt(end):
        def training(config, claim, recorder, context):
            sink = context.open_sink(claim, recorder)
            mirrored.train(sink, tmp_path / "samples")
            return end(recorder)

        monkeypatch.setattr(drain, "run_trial", training)
        monkeypatch.setattr(drain, "answered", lambda folder, config, further: None)
        return drain.attempt(None, claim, Recorder(runtime.trials / KEY), context)[0]

    return attempt


def crash(recorder):
    raise MemoryError("no more")


def prune(recorder):
    recorder.pruned(Pruned(iteration=50, kimg=3.2))
    return Status.PRUNED


def stop(recorder):
    return Status.STOPPED


@pytest.mark.parametrize(
    ("end", "status", "state"),
    [(crash, "crashed", "failed"), (prune, "pruned", "finished"), (stop, "stopped", "failed")],
)
def test_an_attempt_without_a_result_is_marked(attempted, tmp_path, end, status, state):
    assert attempted(end) == status
    runtime = mirrored.runtime(tmp_path)
    whole = mirrored.summary(mirrored.only_folder(runtime.study(RUN_NAME)))
    assert whole["state"] == state
    assert (whole["config"], whole["notes"]) == (mirrored.config(), mirrored.NOTES)
    assert whole["summary"].get("status") == (None if end is stop else status)
    assert (f"status:{status}" in whole["tags"]) is (end is not stop)
    if end is crash:
        assert whole["summary"]["message"] == "MemoryError: no more"
    # nothing is left to write, except of what goes on
    synced = sync_study(RUN_NAME, runtime, [].append, summarise_scores, None)
    assert synced.whole == ([] if end is stop else [KEY])
