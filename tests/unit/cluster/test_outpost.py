"""The far end of the driver: nothing of an attempt that has ended meets the next one."""

import tempfile

import pytest

from harness.execution.cluster.actor import Actor
from harness.execution.cluster.messages import End
from harness.execution.cluster.outpost import Outpost
from harness.queue.base import Claim
from harness.runs.status import Status
from harness.runs.transfer import Action, Part


class Writes(Outpost):
    """Each attempt leaves one file, and says which others it saw."""

    def train(self, claim, knobs, keep_all):
        with self.recorder(claim) as recorder:
            seen = sorted(path.name for path in recorder.folder.iterdir() if path.name != "lock")
            (recorder.folder / f"attempt-{claim.attempt}").write_text("")
        return End(Status.STOPPED, " ".join(seen))


@pytest.fixture
def worker(tmp_path):
    return Writes(tmp_path / "trials")


def attempt(worker, number, key="one"):
    """The message of an attempt, and the files that came home from it."""
    report = worker.start(Claim(0, key, "cell", 0, 0, number), {}, False, 1.0)
    names = []
    while True:
        names += [part.name for part in report.parts]
        if report.end:
            return report.end.message, names
        report = worker.poll(1.0)


def test_an_attempt_goes_on_from_what_the_record_has(worker):
    worker.receive("one", [Part("rows", Action.WRITE, b"", 0, 0)])
    assert attempt(worker, 1) == ("rows", ["attempt-1"])


def test_what_another_attempt_left_is_gone(worker):
    """Another worker went on with the trial meanwhile, and the record is the newer."""
    assert attempt(worker, 1) == ("", ["attempt-1"])
    worker.receive("one", [Part("rows", Action.WRITE, b"", 0, 0)])
    assert attempt(worker, 3) == ("rows", ["attempt-3"])
    assert attempt(worker, 1, key="two") == ("", ["attempt-1"])
    assert [path.name for path in worker._trials.iterdir()] == ["two"]


def test_a_worker_that_leaves_takes_its_folder_and_those_of_the_dead(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    first, second = Actor(None, "project"), Actor(None, "project")
    (node,) = tmp_path.iterdir()
    (node / "cache/images").write_text("kept for later runs")
    dead = node / "worker-dead"
    dead.mkdir()
    (dead / "held").write_text("")  # and nobody holds it
    first.leave()
    assert len(list(node.glob("worker-*"))) == 1
    second.leave()
    assert sorted(path.name for path in node.iterdir()) == ["cache", "lock"]
    assert (node / "cache/images").exists()
