"""Digests of an ended trial: true at every moment, checked whenever its files are read."""

import json

import pytest

from harness.config.trial import Schedule
from harness.core.errors import Damaged
from harness.core.files import read_json, write_json
from harness.runs.digests import checked_seal, differing, forget, read_seal
from harness.runs.layout import DIGESTS
from harness.runs.recorder import Recorder
from harness.runs.rows import MetricAbout, Result
from harness.runs.status import Status
from harness.runs.trial import Trial

ABOUT = MetricAbout(requests=("11111111",), identity="kid-a", protocol="subsets")


@pytest.fixture
def folder(tmp_path):
    """An ended trial."""
    with Recorder(tmp_path / "key") as recorder:
        write_json(recorder.folder / "config.json", {"seed": 0})
        recorder.training({"iteration": 5, "loss": 0.25})
        recorder.describe_metric(ABOUT)
        for number, iteration in enumerate((0, 5)):
            recorder.evaluation("kid-a", {"evaluation": number, "iteration": iteration, "kid": 0.5})
        recorder.generator(5).parent.mkdir()
        recorder.generator(5).write_bytes(b"weights")
        recorder.result(Result(status=Status.FINISHED))
    return recorder.folder


def test_an_ended_trial_has_digests_that_hold(folder):
    seal = checked_seal(folder)
    assert set(seal.files) == {
        "config.json", "metrics.jsonl", "result.json", "evaluations/kid-a.json",
        "evaluations/kid-a.jsonl", "generators/00000005.npz",
    }  # fmt: skip
    assert differing(folder, seal) == {}


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("config.json", lambda trial: trial.knobs()),
        ("metrics.jsonl", lambda trial: trial.training_rows()),
        ("result.json", lambda trial: trial.result()),
        ("evaluations/kid-a.jsonl", lambda trial: trial.evaluation_rows("kid-a")),
        ("evaluations/kid-a.json", lambda trial: trial.metrics()),
    ],
)
def test_another_number_in_a_whole_row_is_noticed_when_it_is_read(folder, name, read):
    path = folder / name
    text = path.read_text()
    read(Trial(folder))
    for old, new in (("0.25", "0.26"), ("0.5", "0.4"), ("finished", "diverged"),
                     ("subsets", "subsetz"), (": 0", ": 1")):  # fmt: skip
        if old in text:
            path.write_text(text.replace(old, new, 1))
            break
    with pytest.raises(Damaged, match=f"{path}.*doctor --fix"):
        read(Trial(folder))
    assert list(differing(folder, checked_seal(folder))) == [path]


def test_a_further_request_and_a_further_metric_keep_the_digests_true(folder):
    with Recorder(folder) as recorder:
        recorder.describe_metric(ABOUT.replaced(requests=("22222222",)))
        assert differing(folder, checked_seal(folder)) == {}
        recorder.score(ABOUT.replaced(identity="kid-b"), [{"evaluation": 0}, {"evaluation": 1}])
    assert differing(folder, checked_seal(folder)) == {}
    assert "evaluations/kid-b.jsonl" in checked_seal(folder).files
    assert Trial(folder).metric("22222222") == "kid-a"


def test_scores_that_are_cut_off_before_they_count_are_no_damage(folder, monkeypatch):
    """Whatever of a scoring is done when it is killed, the digests claim nothing false."""
    from harness.runs import recorder as record

    done = []
    real = record.write_atomically
    for most in range(3):
        monkeypatch.setattr(
            record,
            "write_atomically",
            lambda path, text, most=most: (
                done.append(path) if len(done) >= most else (done.append(path), real(path, text))
            ),
        )
        done.clear()
        with Recorder(folder) as recorder:
            recorder.score(ABOUT.replaced(identity="kid-b"), [{"evaluation": 0}])
        assert differing(folder, checked_seal(folder)) == {}
        assert Trial(folder).metric("11111111") is not None


def test_removed_weights_are_no_loss_and_one_lost_file_is(folder):
    (folder / "generators/00000005.npz").unlink()
    assert list(differing(folder, checked_seal(folder)).values()) == ["it is lost"]
    (folder / "generators").rmdir()
    assert differing(folder, checked_seal(folder)) == {}


def test_digests_that_are_damaged_themselves_are_told_from_damaged_files(folder):
    value = read_json(folder / DIGESTS)
    value["files"]["result.json"] = "0" * 64
    (folder / DIGESTS).write_text(json.dumps(value))
    with pytest.raises(Damaged, match=DIGESTS):
        checked_seal(folder)
    assert read_seal(folder) is None
    assert Trial(folder).result().status == "finished"  # as of an unverified record


def test_what_was_set_aside_is_no_longer_claimed(folder):
    forget(folder, {"metrics.jsonl"})
    assert "metrics.jsonl" not in checked_seal(folder).files


def test_lost_rows_are_noticed_by_their_numbers(folder):
    path = folder / "evaluations/kid-a.jsonl"
    (folder / DIGESTS).unlink()  # a record of an earlier version
    assert Trial(folder).scored("11111111", Schedule(1))
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    assert not Trial(folder).scored("11111111", Schedule(1))
    assert not Trial(folder).scored("33333333", Schedule(1))
