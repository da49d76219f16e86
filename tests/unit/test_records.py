"""Reading a trial's folder."""

import json

import pytest

from harness.config.patch import flatten, resolve
from harness.core.files import append_line, write_json
from harness.runs.status import Status
from harness.runs.trial import Trial

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xaeB`\x82"  # as much as is needed to be whole


@pytest.fixture
def trial(tmp_path):
    folder = tmp_path / "0123456789abcdef"
    folder.mkdir()
    return Trial(folder)


def test_an_empty_folder_says_nothing(trial):
    assert trial.key == "0123456789abcdef"
    assert trial.result() is None
    assert trial.failure() is None
    assert trial.environment() == trial.training_rows() == trial.samples() == []
    assert trial.metrics() == {}
    assert trial.metric("00000000") is None
    assert trial.evaluation_rows("kid") == []


def test_the_configuration_is_the_one_that_was_written(trial):
    config = resolve([{"discriminator.dropout": 0.1, "data.image_size": 32, "seed": 4}])
    write_json(trial.folder / "config.json", flatten(config))
    assert trial.config() == config


def test_a_trained_trial_may_have_crashed_in_scoring(trial):
    write_json(trial.folder / "failure.json", {"error": "x"})
    assert trial.failure().error == "x"
    write_json(trial.folder / "result.json", {"status": "finished"})
    assert trial.result().status is Status.FINISHED
    assert trial.failure().error == "x"


def test_scores_are_found_by_what_was_asked(trial):
    folder = trial.folder / "evaluations"
    write_json(folder / "kid-a.json", {"requests": ["11111111"]})
    write_json(folder / "kid-b.json", {"requests": ["22222222"]})
    append_line(folder / "kid-b.jsonl", {"evaluation": 0, "kid": 0.5})
    assert list(trial.metrics()) == ["kid-a", "kid-b"]
    assert trial.metric("22222222") == "kid-b"
    assert trial.metric("33333333") is None
    assert trial.evaluation_rows("kid-b") == [{"evaluation": 0, "kid": 0.5}]
    assert trial.evaluation_rows("kid-a") == []


def test_samples_are_in_the_order_of_training(trial):
    (trial.folder / "samples").mkdir()
    for name in ("00000100.png", "00000020.png", "00000000.png", "notes.txt"):
        (trial.folder / "samples" / name).write_bytes(PNG)
    assert [path.stem for path in trial.samples()] == ["00000000", "00000020", "00000100"]


def test_training_rows_without_a_torn_last_one(trial):
    rows = [{"iteration": 10}, {"iteration": 20}]
    text = "".join(json.dumps(row) + "\n" for row in rows) + '{"iteration": 3'
    (trial.folder / "metrics.jsonl").write_text(text)
    assert trial.training_rows() == rows


@pytest.mark.parametrize("change", [b"", PNG[:-1], PNG[:-5] + b"\0" + PNG[-4:], b"GIF89a", None])
def test_a_damaged_picture_is_left_out_and_named(trial, change):
    path = trial.folder / "samples/00000010.png"
    path.parent.mkdir()
    path.write_bytes(PNG)
    assert trial.samples() == [path]
    path.unlink()
    path.mkdir() if change is None else path.write_bytes(change)
    assert trial.samples() == []
    assert trial.damaged_pictures() == [path]
