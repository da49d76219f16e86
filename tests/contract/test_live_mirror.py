"""The live mirror of a run that is trained elsewhere: W&B follows the record as it comes."""

import time
from threading import Thread

import mirrored
import pytest
from mirrored import KEY, METRIC, RUN_NAME

from harness.analysis.scores import summarise_scores
from harness.core.files import append_line, write_json
from harness.mirror import live
from harness.mirror.live import follow
from harness.mirror.sync import sync_study


@pytest.fixture
def followed(tmp_path, monkeypatch):
    """A run that is followed; `said`, and `end` to stop it."""
    monkeypatch.setattr(live, "PAUSE", 0.02)
    mirrored.write_plan(tmp_path, [KEY])
    folder = mirrored.runtime(tmp_path).trials / KEY
    said, stop = [], []
    runtime = mirrored.runtime(tmp_path)
    thread = Thread(
        target=follow, args=(RUN_NAME, runtime, said.append, summarise_scores, lambda: stop)
    )
    thread.start()

    def end():
        stop.append(True)
        thread.join(60)
        return said

    yield folder, end
    end()


def begin(folder):
    write_json(folder / "config.json", mirrored.KNOBS)
    write_json(folder / "env.json", mirrored.ENVIRONMENT)
    spec = {"requests": [mirrored.REQUEST], "identity": METRIC, "protocol": "blocks"}
    write_json(folder / "evaluations" / f"{METRIC}.json", spec)
    write_json(folder / "progress.json", {"phase": "training"})
    mirrored.picture(folder / "validation.png")


def trained(folder, until, since=-1):
    """Rows and pictures after `since`, up to `until`."""
    for row in mirrored.EVALUATIONS:
        if since < row.iteration <= until:
            append_line(folder / "evaluations" / f"{METRIC}.jsonl", row)
            mirrored.picture(folder / "samples" / f"{row.iteration:08d}.png")
    for row in mirrored.TRAINING:
        if since < row.iteration <= until:
            append_line(folder / "metrics.jsonl", row)


def synced(tmp_path):
    runtime = mirrored.runtime(tmp_path)
    return sync_study(RUN_NAME, runtime, [].append, summarise_scores, None)


def until(what):
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_trial_is_in_wandb_as_it_is_trained(followed, tmp_path):
    folder, end = followed
    begin(folder)
    trained(folder, 30)
    wandb = mirrored.runtime(tmp_path).study(RUN_NAME)
    until(lambda: list(wandb.glob("wandb/*/files/media/images/samples_25_*")))  # while it trains
    trained(folder, 50, since=30)
    write_json(folder / "result.json", mirrored.result())
    (folder / "progress.json").unlink()
    until(lambda: KEY in (wandb / "wandb/whole.json").read_text())
    assert end() == []
    run = mirrored.only_folder(wandb)
    assert [row["_step"] for row in mirrored.history(run)] == mirrored.STEPS
    whole = mirrored.summary(run)
    assert whole["summary"]["final"] == pytest.approx(0.2)
    assert (whole["config"], whole["notes"]) == (mirrored.config(), mirrored.NOTES)
    assert mirrored.records(run, "stats") == []  # this machine trains nothing
    assert synced(tmp_path).whole == [KEY]  # nothing is left to write


@pytest.mark.parametrize(("ending", "state"), [("pruned", "finished"), ("crashed", "failed")])
def test_a_trial_that_ends_without_a_result_is_marked(followed, tmp_path, ending, state):
    folder, end = followed
    begin(folder)
    trained(folder, 50)
    wandb = mirrored.runtime(tmp_path).study(RUN_NAME)
    until(lambda: list(wandb.glob("wandb/*/files/media/images/samples_50_*")))
    mirrored.write_trial(tmp_path, ending=ending)
    (folder / "progress.json").unlink()
    until(lambda: KEY in (wandb / "wandb/whole.json").read_text())
    assert end() == []
    whole = mirrored.summary(mirrored.only_folder(wandb))
    assert (whole["summary"]["status"], whole["state"]) == (ending, state)
    assert f"status:{ending}" in whole["tags"]
    assert synced(tmp_path).whole == [KEY]


def test_rows_that_a_resume_writes_again_are_mirrored_once(followed, tmp_path):
    folder, end = followed
    begin(folder)
    trained(folder, 40)
    wandb = mirrored.runtime(tmp_path).study(RUN_NAME)
    until(lambda: list(wandb.glob("wandb/*/files/media/images/samples_25_*")))
    (folder / "metrics.jsonl").unlink()
    mirrored.lines(folder / "metrics.jsonl", mirrored.TRAINING[:2])
    time.sleep(0.1)
    trained(folder, 50, since=20)
    mirrored.lines(folder / "evaluations" / f"{METRIC}.jsonl", mirrored.EVALUATIONS)
    write_json(folder / "result.json", mirrored.result())
    (folder / "progress.json").unlink()
    until(lambda: KEY in (wandb / "wandb/whole.json").read_text())
    assert end() == []
    assert synced(tmp_path).whole == [KEY]


def test_what_was_cut_off_is_written_by_sync(followed, tmp_path):
    folder, end = followed
    begin(folder)
    trained(folder, 30)
    wandb = mirrored.runtime(tmp_path).study(RUN_NAME)
    until(lambda: list(wandb.glob("wandb/*/files/media/images/samples_25_*")))
    assert end() == []
    trained(folder, 50, since=30)
    write_json(folder / "result.json", mirrored.result())
    assert synced(tmp_path).written == [KEY]
    mirrored.only_folder(wandb)


def test_a_trial_that_had_ended_is_left_to_sync(followed, tmp_path):
    end = followed[1]
    mirrored.write_trial(tmp_path)
    time.sleep(0.2)
    assert end() == []
    assert not (mirrored.runtime(tmp_path).study(RUN_NAME) / "wandb").exists()
