"""kill -9 of the driver of a sequential study: its decisions are those of an uninterrupted one."""

import multiprocessing
import random
import shutil
import time

import pytest

from harness.runs.plan import read_plan
from tests.sequential_run import drive

KILLS = 20
# drivers are forked from a process that has imported what takes longer than the study
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(
    ["tests.sequential_run", "harness.app.running", "harness.analysis.looks", "harness.report"]
)


def start(folder):
    """A driver that has begun."""
    begun = SERVER.Event()
    process = SERVER.Process(target=drive, args=(folder, begun))
    process.start()
    assert begun.wait(120)
    return process


def ended(process):
    """The exit code of a driver, once it has one."""
    process.join()
    return process.exitcode


def looks(folder):
    return read_plan(folder / "runs/studies/one/plan.json").looks


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_twenty_random_moments(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    first = start(whole)
    begun = time.monotonic()
    assert ended(first) == 0
    took = time.monotonic() - begun
    expected = looks(whole)
    assert len(expected.taken) == 3
    draw, deaths, at_looks = random.Random("looks"), 0, set()
    for _ in range(KILLS):
        process = start(killed)
        time.sleep(draw.uniform(0, 0.8 * took))
        process.kill()
        deaths += ended(process) != 0
        if (killed / "runs/studies/one/plan.json").exists():
            seen = looks(killed)
            at_looks.add(len(seen.taken))
            assert seen.taken == expected.taken[: len(seen.taken)]
            if seen.ended:  # from the start again
                shutil.rmtree(killed)
    assert ended(start(killed)) == 0
    assert looks(killed) == expected
    assert deaths > KILLS / 4
    assert len(at_looks) > 1
