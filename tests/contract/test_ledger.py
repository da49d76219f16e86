"""What every ledger keeps, over memory and a journal file."""

import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend
from places import Place, jobs

from harness.core.errors import HarnessError
from harness.queue import lease as lease_module
from harness.queue.base import LIMIT, Job, Ledger, Row
from harness.queue.lease import Lease, lease_alive
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.recorder import Recorder
from harness.runs.status import Status
from harness.runs.trial import Trial

ROOT = Path(__file__).parents[2]
UNHELD = Trial(Path("nowhere"))


@pytest.fixture
def shared(tmp_path: Path) -> Place:
    return Place("journal", tmp_path)


def dead(row: Row) -> bool:
    return False


def states(ledger: Ledger) -> list[str]:
    return [f"{row.key[-1]} {row.status} {row.attempt}" for row in ledger.rows()]


def test_trials_come_in_the_order_of_the_plan_and_only_once(place: Place) -> None:
    ledger = place.open()
    assert ledger.claim("w") is None
    assert ledger.enqueue([jobs(3)[i] for i in (2, 0, 1)]) == 3
    claims = [ledger.claim("w") for _ in range(4)]
    assert [claim and claim.key for claim in claims] == ["key0000", "key0001", "key0002", None]
    assert claims[1] is not None
    assert claims[1][1:] == ("key0001", "cell1", 0, 1, 1)


def test_what_a_plan_no_longer_holds_is_withdrawn_and_may_come_back(place: Place) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(3))
    first = ledger.claim("w")
    assert first is not None
    assert ledger.withdraw({"key0001"}) == 1  # the running one is let be
    second = ledger.claim("w")
    assert second is not None
    assert second.key == "key0001"
    assert ledger.claim("w") is None
    assert ledger.enqueue(jobs(3)) == 1
    third = ledger.claim("w")
    assert third is not None
    assert (third.key, third.attempt) == ("key0002", 1)


def test_what_waits_or_runs_is_not_queued_again(place: Place) -> None:
    ledger = place.open()
    assert ledger.enqueue(jobs(2) + jobs(2)) == 2
    assert ledger.enqueue(jobs(3)) == 1
    ledger.claim("w")
    assert place.open().enqueue(jobs(3)) == 0
    assert states(ledger) == ["0 running 1", "1 waiting 1", "2 waiting 1"]


@pytest.mark.parametrize("status", ["finished", "diverged"])
def test_a_result_completes_and_may_be_queued_when_its_record_is_gone(
    place: Place, status: str
) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(1))
    claim = ledger.claim("w")
    assert claim is not None
    assert ledger.finish(claim, status, "a message")
    (row,) = ledger.rows()
    assert (row.status, row.message) == (Status(status), "a message")
    assert ledger.claim("w") is None
    assert ledger.enqueue(jobs(1)) == 1
    again = ledger.claim("w")
    assert again is not None
    assert (again.key, again.attempt) == ("key0000", 1)


def test_a_crash_is_tried_again_after_the_others_and_only_up_to_the_limit(place: Place) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(2))
    seen = []
    while (claim := ledger.claim("w")) is not None:
        seen.append((claim.key[-1], claim.attempt))
        ledger.finish(claim, "crashed" if claim.key == "key0000" else "finished", "boom")
    assert seen == [("0", 1), ("1", 1), *(("0", attempt) for attempt in range(2, LIMIT + 1))]
    assert ledger.enqueue(jobs(1)) == 0
    assert ledger.enqueue(jobs(1), retry_crashed=True) == 1
    claim = ledger.claim("w")
    assert claim is not None
    assert claim.attempt == 1


def test_a_stopped_trial_goes_back_and_costs_no_attempt(place: Place) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(2))
    for _ in range(LIMIT + 1):
        claim = ledger.claim("w")
        assert claim is not None
        assert (claim.key, claim.attempt) == ("key0000", 1)
        assert ledger.finish(claim, "stopped")
    assert states(ledger)[-1] == "0 waiting 1"


def test_a_dead_workers_trial_is_released_once_and_the_zombie_learns_of_it(place: Place) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(1))
    zombie = ledger.claim("w7")
    assert zombie is not None
    assert ledger.release_stale(lambda row: True) == []
    (released,) = place.open().release_stale(dead)
    assert (released.key, released.status) == ("key0000", Status.LOST)
    assert "w7" in released.message
    assert place.open().release_stale(dead) == []
    assert ledger.finish(zombie, "finished") is False
    assert states(ledger) == ["0 lost 1", "0 waiting 2"]
    assert ledger.rows()[0].status is Status.LOST


def test_lost_trials_have_a_limit_too_which_a_new_run_lifts(place: Place) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(1))
    for attempt in range(1, LIMIT + 1):
        claim = ledger.claim("w")
        assert claim is not None
        assert claim.attempt == attempt
        ledger.release_stale(dead)
    assert ledger.claim("w") is None
    assert ledger.enqueue(jobs(1)) == 1


def finished_as_lost(ledger: Ledger) -> None:
    """As the driver of a cluster reports a death; `released` is as on one machine."""
    claim = ledger.claim("w")
    assert claim is not None
    assert ledger.finish(claim, "lost", "the node died")


def released(ledger: Ledger) -> None:
    assert ledger.claim("w") is not None
    assert len(ledger.release_stale(dead)) == 1


@pytest.mark.parametrize("lose", [finished_as_lost, released])
def test_a_loss_that_brought_a_later_checkpoint_costs_no_attempt(
    place: Place, lose: Callable[[Ledger], None]
) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(1))
    for iteration in range(100, 1000, 100):
        place.bring("key0000", iteration)
        lose(ledger)
    assert states(ledger) == [*["0 lost 1"] * 9, "0 waiting 1"]
    for _ in range(LIMIT):  # no further than the attempt before
        lose(ledger)
    assert states(ledger)[9:] == ["0 lost 1", "0 lost 2", "0 lost 3"]
    assert ledger.claim("w") is None
    assert ledger.enqueue(jobs(1)) == 1  # the next run lifts the limit
    place.bring("key0000", 500)  # a checkpoint was damaged, and the one before it taken
    lose(ledger)
    assert states(ledger)[-1] == "0 waiting 2"


@pytest.mark.parametrize("status", ["crashed", "stopped"])
def test_a_crash_counts_however_far_it_came_and_a_stop_never(place: Place, status: str) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(1))
    place.bring("key0000", 100)
    claim = ledger.claim("w")
    assert claim is not None
    ledger.finish(claim, status)
    assert states(ledger)[-1] == f"0 waiting {2 if status == 'crashed' else 1}"


def test_a_journal_of_an_earlier_version_counts_every_loss(tmp_path: Path) -> None:
    ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    ledger.enqueue(jobs(1))
    finished_as_lost(ledger)
    journal = tmp_path / "ledger.log"
    journal.write_text(journal.read_text().replace(',"reached":0', ""))
    ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    assert states(ledger) == ["0 lost 1", "0 waiting 2"]


def test_a_claim_carries_a_lease_of_this_process(place: Place) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(1))
    ledger.claim("w3")
    lease = place.open().rows()[0].lease
    assert lease is not None
    assert (lease.pid, lease.host, lease.worker) == (os.getpid(), socket.gethostname(), "w3")
    assert place.open().release_stale(lambda row: lease_alive(row.lease, UNHELD)) == []


def test_an_unknown_status_is_refused(place: Place) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(1))
    claim = ledger.claim("w")
    assert claim is not None
    with pytest.raises(ValueError, match="done"):
        ledger.finish(claim, "done")


def test_what_another_tool_put_in_is_hidden_never_run_and_ended(tmp_path: Path) -> None:
    storage = optuna.storages.InMemoryStorage()
    ledger = OptunaLedger(storage, "run")
    study = optuna.load_study(study_name="run", storage=storage)
    study.ask()
    study.enqueue_trial({"x": 1})
    assert ledger.enqueue(jobs(1)) == 1
    claim = ledger.claim("w")
    assert claim is not None
    assert claim.key == "key0000"
    assert ledger.claim("w") is None
    assert ledger.release_stale(lambda row: True) == []
    assert [row.key for row in ledger.rows()] == ["key0000"]
    strays = [trial for trial in study.trials if trial.user_attrs.get("stray")]
    assert [trial.state for trial in strays] == [optuna.trial.TrialState.FAIL] * 2


def test_a_kill_between_claim_and_lease_loses_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(1))
    with monkeypatch.context() as patch:
        patch.setattr(Lease, "mine", _die)
        with pytest.raises(KeyboardInterrupt):
            ledger.claim("w")
    assert ledger.release_stale(dead) == []  # it may be about to write its lease
    monkeypatch.setattr("harness.queue.optuna_ledger._UNLEASED", 0.0)
    assert len(ledger.release_stale(dead)) == 1
    assert states(ledger) == ["0 lost 1", "0 waiting 2"]


def _die(*_: object) -> Lease:
    raise KeyboardInterrupt


@contextmanager
def claimers(place: Place, mode: str, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """`count` processes that have opened the ledger and start when a line is written to them."""
    argv = [sys.executable, str(Path(__file__).with_name("claimer.py")), mode]
    argv += [place.run_name, str(place.folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    started = [
        subprocess.Popen(
            [*argv, f"w{i}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for i in range(count)
    ]
    try:
        assert [process.stdout.readline() for process in started if process.stdout] == (
            ["ready\n"] * count
        )
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("mode", ["drain", "warm"])
def test_four_processes_race_for_160_trials(shared: Place, mode: str) -> None:
    ledger = shared.open()
    assert ledger.enqueue(jobs(160)) == 160
    with claimers(shared, mode, 4) as started:
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=60)[0] for process in started]
        assert [process.returncode for process in started] == [0] * 4
    taken = Counter(line for output in outputs for line in output.splitlines())
    assert taken == Counter({f"{job.key} 1": 1 for job in jobs(160)})
    assert sum(bool(output) for output in outputs) > 1  # it was a race
    assert [(row.key, row.status) for row in ledger.rows()] == [
        (job.key, Status.FINISHED) for job in jobs(160)
    ]


def test_a_killed_claimers_trial_is_picked_up_and_a_living_ones_is_not(shared: Place) -> None:
    ledger = shared.open()
    ledger.enqueue(jobs(2))
    with claimers(shared, "hold", 2) as (victim, survivor):
        held = []
        for process in (victim, survivor):
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("go\n")
            process.stdin.flush()
            held.append(process.stdout.readline().split()[0])
        victim.kill()
        victim.wait()
        released = ledger.release_stale(lambda row: lease_alive(row.lease, UNHELD))
        assert [row.key for row in released] == [held[0]]
        claim = ledger.claim("w")
        assert claim is not None
        assert (claim.key, claim.attempt) == (held[0], 2)
        assert ledger.claim("w") is None


def test_a_damaged_journal_is_named(tmp_path: Path) -> None:
    ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    ledger.enqueue(jobs(2))
    journal = tmp_path / "ledger.log"
    journal.write_text(journal.read_text()[:-30] + "\n" + journal.read_text())
    with pytest.raises(HarnessError, match=r"ledger\.log: the queue is damaged"):
        OptunaLedger.open("run", tmp_path, tmp_path / "trials")


def test_a_ledger_where_a_file_lies_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "ledger.log").mkdir()
    with pytest.raises(HarnessError, match=r"ledger\.log: the queue cannot be opened"):
        OptunaLedger.open("run", tmp_path, tmp_path / "trials")


def test_large_studies_are_queued_and_claimed_quickly(tmp_path: Path) -> None:
    # of 10,000 trials on an idle machine: 0.3 ms to queue one, 5 ms to claim one; what is caught
    # here, with room for a busy machine, is work that grows with the square of the queue
    ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    count = 2000
    assert _seconds(lambda: ledger.enqueue(jobs(count))) / count < 0.005
    assert _seconds(lambda: [ledger.claim("w") for _ in range(20)]) / 20 < 0.050


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


class TestLeaseAlive:
    @pytest.fixture
    def held(self, tmp_path: Path) -> Iterator[Trial]:
        """A trial whose folder some process has locked."""
        with Recorder(tmp_path / "key"):
            yield Trial(tmp_path / "key")

    def test_this_process_lives_and_an_ended_one_does_not(self, held: Trial) -> None:
        assert lease_alive(Lease.mine(), UNHELD)
        with subprocess.Popen([sys.executable, "-c", ""]) as process:
            started = lease_module._started(process.pid) or 0
            ended = Lease.mine()._replace(pid=process.pid, started=started)
            assert lease_alive(ended, UNHELD)
            time.sleep(0.5)
            assert not lease_alive(ended, held)  # a zombie: ended and not yet reaped
        assert not lease_alive(ended, held)

    def test_a_reused_pid_is_not_the_holder(self, held: Trial) -> None:
        mine = Lease.mine()
        assert not lease_alive(mine._replace(started=mine.started + 1), held)

    def test_a_restart_of_the_machine_ends_it(self, held: Trial) -> None:
        assert not lease_alive(Lease.mine()._replace(boot_id="an earlier one"), held)

    def test_in_a_folder_that_was_moved_here_nobody_holds_a_trial(self, tmp_path: Path) -> None:
        elsewhere = Lease.mine()._replace(host="elsewhere")
        assert not lease_alive(elsewhere, Trial(tmp_path / "key"))  # claimed and not yet begun
        with Recorder(tmp_path / "key") as recorder:
            recorder.log("begun")
        before = sorted((tmp_path / "key").iterdir())
        assert not lease_alive(elsewhere, Trial(tmp_path / "key"))
        assert sorted((tmp_path / "key").iterdir()) == before

    def test_what_a_container_of_this_machine_trains_is_not_taken_from_it(
        self, held: Trial
    ) -> None:
        container = Lease.mine()._replace(host="1f2e3d4c5b6a", pid=1, started=0)
        assert lease_alive(container, held)

    def test_no_lease_is_dead(self, held: Trial) -> None:
        assert not lease_alive(None, held)

    def test_a_lease_of_an_earlier_version_is_read(self) -> None:
        mine = Lease.mine("w")
        assert Lease.read({**mine._asdict(), "at": 1.0e9}) == mine
        assert Lease.read(None) is None


def test_a_torn_last_line_is_cut_when_the_journal_is_opened(tmp_path: Path) -> None:
    """As a kill in mid-write leaves it, also one longer than what is read at once."""
    ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    ledger.enqueue(jobs(3))
    journal = tmp_path / "ledger.log"
    whole = journal.read_bytes()
    for rest in (b'{"op_code":', b"x" * 10_000):
        journal.write_bytes(whole + rest)
        assert len(OptunaLedger.open("run", tmp_path, tmp_path / "trials").rows()) == 3
        assert journal.read_bytes() == whole


def test_a_line_that_another_process_tore_is_cut_before_the_next_is_written(
    tmp_path: Path,
) -> None:
    ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    ledger.enqueue(jobs(1))
    with (tmp_path / "ledger.log").open("ab") as file:
        file.write(b'{"op_code":')
    ledger.enqueue(jobs(3))
    assert [row.key for row in OptunaLedger.open("run", tmp_path, tmp_path / "trials").rows()] == [
        job.key for job in jobs(3)
    ]


def test_a_line_that_is_json_and_no_trial_of_ours_is_one_message(tmp_path: Path) -> None:
    ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    ledger.enqueue(jobs(2))
    journal = tmp_path / "ledger.log"
    text = journal.read_text()
    for old, new in (('"order"', '"odrer"'), ('"op_code":4', '"op_code":9'), ('"attempt"', '"a"')):
        journal.write_text(text.replace(old, new, 1))
        assert journal.read_text() != text
        with pytest.raises(HarnessError, match=r"ledger\.log: the queue is damaged"):
            OptunaLedger.open("run", tmp_path, tmp_path / "trials")


def test_claims_and_ends_together_wait_once_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    ledger.enqueue(jobs(6))
    waits: list[int] = []
    monkeypatch.setattr(os, "fsync", waits.append)
    with ledger.together():
        claims = [claim for _ in range(4) if (claim := ledger.claim("w"))]
        assert all(ledger.finish(claim, "finished") for claim in claims[:2])
        ledger.finish(claims[2], "lost")
        assert waits == []
    assert len(waits) == 1
    assert states(OptunaLedger.open("run", tmp_path, tmp_path / "trials")) == [
        "0 finished 1", "1 finished 1", "2 lost 1", "3 running 1", "4 waiting 1", "5 waiting 1",
        "2 waiting 2",
    ]  # fmt: skip


def test_a_process_that_writes_together_and_one_that_queues_do_not_wait_for_each_other(
    tmp_path: Path,
) -> None:
    """Both need two locks, and take them in the same order."""
    ours = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    ours.enqueue(jobs(40))
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path;"
        "from places import jobs; from harness.queue.optuna_ledger import OptunaLedger;"
        "theirs = OptunaLedger.open('run', Path(sys.argv[1]), Path()); print('up', flush=True);"
        "[theirs.enqueue(jobs(40 + n)) for n in range(60)]"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        while other.poll() is None:
            with ours.together():
                if claim := ours.claim("w"):
                    ours.finish(claim, "finished")
    assert other.returncode == 0


@pytest.mark.parametrize("seed", range(4))
def test_the_next_trial_is_that_of_a_look_at_all_of_them(place: Place, seed: int) -> None:
    """Two ledgers on the same queue, which grows, and whose trials fail."""
    draw = random.Random(seed)
    ours, theirs = place.open(), place.open()
    queued = [Job(f"key{n}", f"cell{n % 5}", n // 5, n) for n in range(40)]
    for batch in (queued[:15], queued[25:], queued[15:25]):
        theirs.enqueue(batch)
        for _ in range(12):
            ready = set(draw.sample([f"cell{n}" for n in range(5)], draw.randrange(5)))
            ledger = draw.choice((ours, theirs))
            expected = _looked_up(ledger.rows(), ready)
            claim = ledger.claim("w", ready.__contains__)
            assert (claim and claim.id) == expected
            if claim and draw.random() < 0.7:
                ledger.finish(claim, draw.choice(("finished", "crashed", "stopped")))


def _looked_up(rows: list[Row], ready: set[str]) -> int | None:
    waiting = [row for row in rows if row.status is Status.WAITING]
    first = min(waiting, key=lambda row: (row.attempt, row.order), default=None)
    if first is None:
        return None
    begins: dict[int, int] = {}
    for row in rows:
        begins[row.seed] = min(row.order, begins.get(row.seed, row.order))
    seeds = sorted(begins, key=begins.__getitem__)
    near = seeds[seeds.index(first.seed) :][:2]
    close = [r for r in waiting if r.seed in near and r.attempt == first.attempt]
    preferred = [row for row in close if row.cell in ready]
    return min(preferred, key=lambda row: row.order, default=first).id


def test_a_journal_in_which_nothing_is_new_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    ledger.enqueue(jobs(2))
    read: list[int] = []
    theirs = JournalFileBackend.read_logs
    monkeypatch.setattr(
        JournalFileBackend, "read_logs", lambda self, n: read.append(n) or theirs(self, n)
    )
    assert states(ledger) == states(ledger) == ["0 waiting 1", "1 waiting 1"]
    assert read == []
    other = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    other.claim("w")
    read.clear()
    assert states(ledger) == ["0 running 1", "1 waiting 1"]
    assert len(read) == 1
