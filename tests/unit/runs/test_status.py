"""How a trial stands, by its folder and its place in a queue; and what its documents say."""

import pytest

from harness.core.errors import Damaged
from harness.core.files import write_json
from harness.core.lock import Busy, lock_file
from harness.runs import trial as trial_module
from harness.runs.digests import seal
from harness.runs.rows import Flag, Result, ScoreRow, TrainingRow
from harness.runs.status import Status
from harness.runs.trial import Snapshot, Trial

FOLDERS = {
    "nothing": {},
    "begun": {"config.json": {}},
    "crashed": {"config.json": {}, "failure.json": {"error": "x"}},
    "pruned": {"config.json": {}, "pruned.json": {}},
    "finished": {"result.json": {"status": "finished"}, "failure.json": {"error": "scoring"}},
    "diverged": {"result.json": {"status": "diverged"}},
    "damaged": {"result.json": {"status": "waiting"}},
    "torn": {"failure.json": []},
}
ALONE = {  # without a queue, or with an attempt that was stopped
    "nothing": "missing",
    "begun": "begun",
    "crashed": "crashed",
    "pruned": "pruned",
    "finished": "finished",
    "diverged": "diverged",
    "damaged": "damaged",
    "torn": "damaged",
}
LOST = {**ALONE, "nothing": "crashed", "begun": "crashed", "pruned": "crashed"}
FIXED = ("finished", "diverged", "damaged", "torn")  # whatever the queue says


@pytest.fixture
def trial(tmp_path):
    def make(kind):
        for name, value in FOLDERS[kind].items():
            write_json(tmp_path / "key" / name, value)
        return Trial(tmp_path / "key")

    return make


@pytest.mark.parametrize("kind", FOLDERS)
@pytest.mark.parametrize(
    ("queued", "expected"),
    [
        (None, ALONE),
        (Status.STOPPED, ALONE),
        (Status.WAITING, dict.fromkeys(ALONE, "waiting") | {k: ALONE[k] for k in FIXED}),
        (Status.RUNNING, dict.fromkeys(ALONE, "running") | {k: ALONE[k] for k in FIXED}),
        (Status.LOST, LOST),
        (Status.CRASHED, LOST),
    ],
)
def test_a_result_counts_before_the_queue_and_the_queue_before_a_crash(
    trial, kind, queued, expected
):
    assert trial(kind).status(queued) == expected[kind]


def test_a_result_is_read_by_field_and_its_damage_named(trial):
    flags = [{"flag": "a", "kimg": 1, "identity": None}, {"flag": "b", "kimg": 2, "identity": "m"}]
    document = {"status": "finished", "kimg": 5, "flags": flags, "later": [1]}
    trial = trial("nothing")
    write_json(trial.folder / "result.json", document)
    result = trial.result()
    assert (result.status, result.kimg, result.seconds) == (Status.FINISHED, 5, None)
    assert [flag.flag for flag in result.flags_of("m")] == ["a", "b"]
    assert result.flags_of(None) == [Flag.model_validate(flags[0])]
    assert result.to_json() == document
    assert type(result.to_json()["status"]) is str
    for change, why in (({"kimg": "5"}, "'kimg' should be a number"),
                        ({"flags": [{}]}, r"it lacks 'flags\[0\].flag'"),
                        ({"status": "running"}, "'status' is 'running'"),
                        ({"status": "done"}, "'status' should be 'finished', ")):  # fmt: skip
        write_json(trial.folder / "result.json", {**document, **change})
        with pytest.raises(Damaged, match=rf"result\.json: damaged: {why}"):
            trial.result()
    assert Result.model_validate({"status": "diverged"}).status.ended


def test_a_row_is_what_was_read_with_typed_values():
    row = ScoreRow({"evaluation": 2, "iteration": 9, "kimg": 1, "kid": None, "fid": 3.5})
    assert (row.evaluation, row.iteration, row.kid, row.fid, row.coverage) == (
        2,
        9,
        None,
        3.5,
        None,
    )
    assert row.kid_blocks == []
    assert row == {"evaluation": 2, "iteration": 9, "kimg": 1, "kid": None, "fid": 3.5}
    assert TrainingRow({"r1_pull": 0.2, "iteration": 3}).pulls == {"r1": 0.2}


def test_a_lock_is_shared_or_alone(tmp_path):
    path = tmp_path / "lock"
    with path.open("a") as one, path.open("a") as two, path.open("a") as three:
        lock_file(one, shared=True)
        lock_file(two, shared=True, wait=False)
        with pytest.raises(Busy, match="lock"):
            lock_file(three, wait=False)
        one.close()
        two.close()
        lock_file(three, wait=False)


def test_equal_documents_are_read_once_and_each_fault_names_its_file(tmp_path):
    """Many trials have the same description of a metric."""
    for name in ("one", "two", "torn", "damaged"):
        about = {"requests": ["a"]} if name in ("one", "two") else {"requests": 1}
        write_json(tmp_path / name / "evaluations" / "metric.json", about)
    one, two = (Trial(tmp_path / name).metrics()["metric"] for name in ("one", "two"))
    assert one is two
    for name in ("torn", "damaged"):
        with pytest.raises(Damaged, match=f"{name}/evaluations/metric.json: damaged"):
            Trial(tmp_path / name).metrics()
    write_json(tmp_path / "two" / "evaluations" / "metric.json", {"requests": ["b"]})
    assert Trial(tmp_path / "two").metric("b") == "metric"


def test_a_trial_lists_the_metrics_that_it_was_scored_by(tmp_path):
    assert Trial(tmp_path).identities() == []
    for name in ("b.json", "b.jsonl", "a.enc-1.json"):
        (tmp_path / "evaluations").mkdir(exist_ok=True)
        (tmp_path / "evaluations" / name).touch()
    assert Trial(tmp_path).identities() == ["a.enc-1", "b"]


@pytest.fixture
def sealed(tmp_path):
    """The folder of a finished trial, with the digests of its files."""
    folder = tmp_path / "key"
    write_json(folder / "config.json", {"seed": 1})
    write_json(folder / "result.json", {"status": "finished"})
    seal(folder, {}, False)
    return folder


def test_a_snapshot_reads_no_file_twice(sealed, monkeypatch):
    read = []
    monkeypatch.setattr(trial_module, "read_bytes", lambda path: read.append(path.name))
    monkeypatch.setattr(trial_module, "read_seal", lambda folder: read.append("seal"))
    snapshot = Snapshot(sealed)
    for _ in range(2):
        assert (snapshot.result(), snapshot.failure(), snapshot.knobs()) == (None, None, {})
    assert sorted(read) == ["config.json", "failure.json", "result.json", "seal"]


def test_a_snapshot_follows_a_seal_that_is_written_meanwhile(sealed):
    """As where another process scores the trial by a further metric."""
    snapshot = Snapshot(sealed)
    assert snapshot.result().status is Status.FINISHED
    write_json(sealed / "config.json", {"seed": 2})
    seal(sealed, {}, False)
    assert snapshot.knobs() == {"seed": 2}
    assert Snapshot(sealed).knobs() == {"seed": 2}


def test_a_snapshot_finds_what_is_damaged(sealed):
    write_json(sealed / "config.json", {"seed": 2})
    with pytest.raises(Damaged):
        Snapshot(sealed).knobs()
