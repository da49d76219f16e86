"""What makes a ledger's storage quick, and that it hides nothing: one sync, few readings."""

import os
import resource
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from places import Place, jobs

from harness.queue import journal
from harness.queue.base import ENDED, Claim
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.status import Status

ROOT = Path(__file__).parents[2]


def test_a_watcher_sees_what_others_do(place: Place) -> None:
    random, ends = Random(0), [*ENDED, Status.CRASHED, Status.STOPPED]
    place.open().enqueue(jobs(24))
    actors, watcher, held = [place.open(), place.open()], place.open(), []
    for turn in range(60):
        actor = random.choice(actors)
        if held and random.random() < 0.5:
            status = random.choice(ends)
            actor.finish(held.pop(), status, f"turn {turn}")
        elif random.random() < 0.2:
            actor.enqueue(jobs(24))
        elif claim := actor.claim(f"w{turn}"):
            held.append(claim)
        rows = watcher.rows()
        assert rows == place.open().rows()
        assert sum(row.status is Status.RUNNING and row.lease is not None for row in rows) == (
            len(held)
        )
    assert {row.status for row in rows} == {Status.WAITING, Status.RUNNING, *ends}


class TestJournal:
    def test_each_piece_of_work_is_synced_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
        calls = Counter[str]()
        sync = os.fsync
        monkeypatch.setattr(journal.os, "fsync", lambda file: (calls.update(["sync"]), sync(file)))
        ledger.enqueue(jobs(100))
        assert calls.pop("sync") == 1
        claim = ledger.claim("w")
        assert claim is not None
        assert calls.pop("sync") == 1
        ledger.finish(claim, "crashed")  # ended and queued again
        assert calls.pop("sync") == 1
        ledger.rows()
        assert not calls

    def test_a_full_disk_leaves_no_half_line(self, tmp_path: Path) -> None:
        ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
        ledger.enqueue(jobs(10))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        full = (tmp_path / "ledger.log").stat().st_size + 1000
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                ledger.enqueue(jobs(20))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        written = OptunaLedger.open("run", tmp_path, tmp_path / "trials").rows()
        assert 10 < len(written) < 20
        assert ledger.enqueue(jobs(20)) == 20 - len(written)

    def test_whoever_is_killed_while_it_writes_holds_nobody_up(self, tmp_path: Path) -> None:
        ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
        ledger.enqueue(jobs(1))
        argv = [sys.executable, str(Path(__file__).with_name("claimer.py")), "lock", "run"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        with subprocess.Popen(
            [*argv, str(tmp_path), "w0"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        ) as other:
            assert other.stdin is not None
            assert other.stdout is not None
            assert other.stdout.readline() == "ready\n"
            other.stdin.write("go\n")
            other.stdin.flush()
            assert other.stdout.readline() == "locked\n"
            assert len(ledger.rows()) == 1  # to read takes no lock
            claims: list[Claim | None] = []
            waits = threading.Thread(target=lambda: claims.append(ledger.claim("w")))
            waits.start()
            waits.join(0.5)
            assert waits.is_alive()
            other.kill()
        waits.join(5)
        assert [claim and claim.key for claim in claims] == ["key0000"]
