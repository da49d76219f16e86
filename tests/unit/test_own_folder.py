"""Temporary folders of processes: gone with them, and never taken from one that lives."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from harness.core import own_folder
from harness.core.lock import Busy, lock_file
from harness.core.own_folder import PAGES, WORKER, make_folder, remove_folder


@pytest.fixture(autouse=True)
def _temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def left(tmp_path):
    return sorted(path.name.partition("-")[0] for path in tmp_path.glob("*/*-*"))


def test_a_folder_is_removed_with_its_process_and_by_the_next_where_it_was_killed(tmp_path):
    make = "from harness.core.own_folder import make_folder; import os; make_folder('pages')"
    environment = {"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c"]
    strict = [command[0], "-X", "dev", "-W", "error", *command[1:]]  # it leaves no file open
    done = subprocess.run([*strict, make], env=environment, capture_output=True, check=True)
    assert (done.stderr, left(tmp_path)) == (b"", [])
    killed = subprocess.run([*command, f"{make}; os.kill(os.getpid(), 9)"], env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert left(tmp_path) == ["pages"]
    mine = make_folder(WORKER)
    assert left(tmp_path) == ["worker"]
    remove_folder(mine)
    assert left(tmp_path) == []


def test_a_folder_of_a_process_killed_before_it_locked_it_is_removed(tmp_path):
    common = own_folder.common_folder()
    (common / "worker-dead").mkdir()
    (common / "cache").mkdir()
    kept = make_folder(PAGES)
    assert left(tmp_path) == ["pages"]
    assert kept.is_dir()
    assert (common / "cache").is_dir()
    remove_folder(kept)


def test_nobody_sweeps_while_a_folder_is_made_and_not_yet_locked(monkeypatch):
    """Each step between a new folder and its lock happens under the lock of all folders."""
    swept = []

    def watched(step):
        def watch(*arguments, **keywords):
            with (own_folder.common_folder() / "lock").open("w") as other:
                try:
                    lock_file(other, wait=False)
                except Busy:
                    swept.append(False)
                else:
                    swept.append(True)
            return step(*arguments, **keywords)

        return watch

    monkeypatch.setattr(tempfile, "mkdtemp", watched(tempfile.mkdtemp))
    monkeypatch.setattr(own_folder, "lock_file", watched(lock_file))
    folder = make_folder(WORKER)
    assert swept == [False, False]
    remove_folder(folder)
