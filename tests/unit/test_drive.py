"""Driving a run: threads chosen once, words for what died, and what a worker is told."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import optuna
import pytest

from harness.config.runtime import Runtime
from harness.core.files import read_json, write_json
from harness.execution import driver as drive
from harness.execution.devices import Machine, plan_workers
from harness.queue.base import Job, Row
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.status import Status
from harness.runs.trial import Trial


@pytest.fixture
def runtime(tmp_path):
    return Runtime(runs=tmp_path / "runs", project="p")


@pytest.fixture
def four_cores(monkeypatch):
    machine = Machine(gpus=[], cores=4, gigabytes=64.0)
    monkeypatch.setattr(
        drive, "plan_workers", lambda workers, threads=None: plan_workers(workers, machine, threads)
    )


def threads(shares):
    return [share.threads for share in shares]


def test_threads_are_chosen_once_a_run_and_kept(runtime, four_cores, capsys):
    assert threads(drive.share("bn", runtime, None)) == [1, 1, 1, 1]
    assert threads(drive.share("bn", runtime, 4)) == [1, 1, 1, 1]
    assert capsys.readouterr().err == ""
    assert threads(drive.share("bn", runtime, 2)) == [2, 2]  # asked for: chosen anew
    said = capsys.readouterr().err
    assert said.startswith("bn goes on with 2 threads a trial, not 1: results are rounded in")
    assert read_json(runtime.study("bn") / "arithmetic.json")["threads"] == 2
    assert threads(drive.share("bn", runtime, None)) == [2, 2]
    assert threads(drive.share("other", runtime, None)) == [1, 1, 1, 1]


def test_a_worker_is_told_where_things_lie(runtime):
    places = drive.places(runtime)
    assert places["HARNESS_RUNS"] == str(runtime.runs)
    assert places["WANDB_PROJECT"] == "p"
    assert "HARNESS_REPORTS" in places


def test_a_worker_imports_nothing_of_the_folder_that_it_works_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "queue.py").write_text("raise SystemExit('a file of the user')")
    command = [*drive.python(), "-c", "import queue"]
    assert subprocess.run(command, check=False).returncode == 0
    monkeypatch.chdir(Path(drive.__file__).parents[2])  # a checkout that is not installed
    assert drive.python() == [sys.executable]


def test_work_is_left_while_a_trial_waits_or_is_taken_from_the_dead():
    ledger = OptunaLedger(optuna.storages.InMemoryStorage(), "bn")
    assert not drive._waiting(ledger, lambda row: True)
    ledger.enqueue([Job("key", "cell", 0, 0)])
    assert drive._waiting(ledger, lambda row: True)
    ledger.claim("w")
    assert not drive._waiting(ledger, lambda row: True)
    assert drive._waiting(ledger, lambda row: False)
    assert [row.status for row in ledger.rows()] == [Status.LOST, Status.WAITING]


def test_a_killed_worker_leaves_a_failure(runtime):
    row = Row(0, "key", "cell", 0, 0, 2, Status.LOST, None, "")
    drive._record_loss(runtime, row, -9)
    assert not (runtime.trials / "key").exists()  # it died before the trial began
    write_json(runtime.trials / "key/env.json", [{"host": "a"}, {"host": "b"}])
    drive._record_loss(runtime, row, -9)
    failure = read_json(runtime.trials / "key/failure.json")
    assert (failure["error"], failure["attempt"]) == ("the worker process died (exit code -9)", 2)


@pytest.mark.parametrize(
    ("worker", "said"),
    [
        ("w0 on node7", "the driver (process {}) ended while worker w0 on node7 trained"),
        ("w0", "worker w0 (process {}) ended"),
    ],
)
def test_a_trial_that_ended_with_its_run_has_not_crashed(runtime, monkeypatch, worker, said):
    ledger = OptunaLedger(optuna.storages.InMemoryStorage(), "bn")
    job = Job("key", "cell", 0, 0)
    drive.queue([job], runtime, ledger, retry_crashed=False)
    ledger.claim(worker)
    write_json(runtime.trials / "key/config.json", {})
    monkeypatch.setattr(drive, "_alive", lambda *_: False)  # killed, with all that saw it
    drive.queue([job], runtime, ledger, retry_crashed=False)
    lost, again = ledger.rows()
    assert lost.message == said.format(f"{os.getpid()} on {socket.gethostname()}")
    assert (lost.status, again.status, again.attempt) == (Status.LOST, Status.WAITING, 2)
    trial = Trial(runtime.trials / "key")
    assert trial.failure() is None
    assert trial.status() is Status.BEGUN
    log = (trial.folder / "log.txt").read_text()
    assert log.endswith(f"attempt 1 ended with its run: {lost.message}\n")


def test_a_worker_that_dies_after_its_result_has_lost_nothing(runtime):
    write_json(runtime.trials / "key/result.json", {"status": "finished"})
    drive._record_loss(runtime, Row(0, "key", "c", 0, 0, 1, Status.LOST, None, ""), -9)
    assert not (runtime.trials / "key/failure.json").exists()


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("noise\nharness: first\nmore\nharness: the folder is empty\n\n", "the folder is empty"),
        ("noise\n", "a worker refused to start; see "),
        ("", "a worker refused to start; see "),
    ],
)
def test_the_last_words_of_a_worker(tmp_path, log, said):
    path = tmp_path / "worker-0.log"
    path.write_text(log)
    found = drive.last_words(path)
    assert found == (said + str(path) if said.endswith("see ") else said)
