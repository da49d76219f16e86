"""What Ray writes while a run is shown: kept out of the view, and not lost."""

import subprocess
import sys
from io import StringIO
from signal import SIGKILL, SIGTERM

import pytest
from rich.console import Console

from harness.execution.view.progress import Snapshot
from harness.execution.view.screen import open_view

WHY = "Failed to connect to GCS within 60 seconds."
FATAL = f"[2026-08-01 10:00:00,1 E 7 8] rpc_client.h:204: {WHY}\n"
BEGIN = """
import os, sys, time
from contextlib import redirect_stdout
from pathlib import Path
from harness.execution.cluster.ray_log import kept_in

def write():
    with kept_in(Path("runs/ray.log")) as console:
        print("from a thread")
        os.write(2, b"from the core\\n")
        console.print("the view")
"""


@pytest.fixture
def run(tmp_path):
    def go(program):
        words = [sys.executable, "-c", BEGIN + program]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        log = tmp_path / "runs/ray.log"
        return done, log.read_text() if log.exists() else ""

    return go


def test_what_others_write_is_in_the_log_alone(run):
    done, log = run("write(); print('after')")
    assert done.stdout == "the view\nafter\n"
    assert log == "from a thread\nfrom the core\n"
    assert done.stderr == "Ray's messages during this run: runs/ray.log\n"


def test_so_it_is_where_the_view_is_on_standard_error(run):
    done, log = run("with redirect_stdout(sys.stderr): write(); print('after')")
    assert done.stdout == ""
    assert done.stderr == "the view\nRay's messages during this run: runs/ray.log\nafter\n"
    assert log == "from a thread\nfrom the core\n"


def test_without_a_message_nothing_is_said(run):
    done, log = run("with kept_in(Path('ray.log')): pass")
    assert (done.stdout, done.stderr, log) == ("", "", "")


def test_an_error_of_ours_is_shown(run):
    done, _ = run("with kept_in(Path('runs/ray.log')): raise SystemExit('harness: no')")
    assert done.stderr == "harness: no\n"


KILL = """
import psutil
with kept_in(Path("runs/ray.log")) as console:
    print("before", flush=True)
    while not (Path("runs/ray.log").exists() and Path("runs/ray.log").read_text()):
        pass
    (scribe,) = psutil.Process().children()
    scribe.send_signal({number})
    time.sleep(0.2)
    print("from a thread")
    console.print("the view")
print("after")
"""


@pytest.mark.parametrize(("number", "kept"), [(SIGTERM, "before\nfrom a thread\n"),
                                              (SIGKILL, "before\n")])  # fmt: skip
def test_a_signal_to_all_processes_of_a_job_ends_no_run(run, number, kept):
    """`ray job stop` sends it to each of them; the report of the run is still to be written."""
    done, log = run(KILL.format(number=int(number)))
    assert (done.returncode, done.stdout, log) == (0, "the view\nafter\n", kept)
    assert done.stderr == "Ray's messages during this run: runs/ray.log\n"


def test_why_ray_has_ended_the_command_is_told(run):
    """From a thread of its own, as Ray does: this process has no more say."""
    write = f"os.write(2, {FATAL.encode()})"
    done, log = run(f"with kept_in(Path('runs/ray.log')): {write}; os._exit(1)")
    assert done.returncode == 1
    assert log == FATAL
    assert done.stderr == (
        f"\nharness: Ray has ended this command: {WHY}\n"
        "What had arrived is kept; give the command again once the cluster runs. "
        "Ray's messages: runs/ray.log\n"
    )


@pytest.mark.parametrize("elsewhere", [True, False])
def test_the_view_takes_in_what_goes_to_its_own_terminal_alone(monkeypatch, elsewhere):
    """Rich would draw above the table what libraries write, though it was led to a log."""
    terminal, log = StringIO(), StringIO()
    monkeypatch.setattr(sys, "stdout", log if elsewhere else terminal)
    console = Console(file=terminal, force_terminal=True, width=80)
    with open_view(lambda: Snapshot("one", 1, 0, 0, 0.0, 1.0, ()), console):
        print("(raylet) a node died")
    assert ("raylet" in log.getvalue()) is elsewhere
    assert ("raylet" in terminal.getvalue()) is not elsewhere
