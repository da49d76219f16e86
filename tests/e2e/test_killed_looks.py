"""kill -9 of the driver of a sequential study: its decisions are those of an uninterrupted one."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.runs.plan import read_plan

ROOT = Path(__file__).parents[2]
KILLS = 20


def start(folder):
    """A driver that has begun."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sequential_run", str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process.stdout as said:
        assert said.readline() == "begun\n"
    return process


def looks(folder):
    return read_plan(folder / "runs/studies/one/plan.json").looks


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_twenty_random_moments(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    first = start(whole)
    begun = time.monotonic()
    assert first.wait() == 0
    took = time.monotonic() - begun
    expected = looks(whole)
    assert len(expected.taken) == 3
    draw, deaths, at_looks = random.Random("looks"), 0, set()
    for _ in range(KILLS):
        process = start(killed)
        time.sleep(draw.uniform(0, 0.8 * took))
        process.kill()
        deaths += process.wait() != 0
        if (killed / "runs/studies/one/plan.json").exists():
            seen = looks(killed)
            at_looks.add(len(seen.taken))
            assert seen.taken == expected.taken[: len(seen.taken)]
            if seen.ended:  # from the start again
                shutil.rmtree(killed)
    assert start(killed).wait() == 0
    assert looks(killed) == expected
    assert deaths > KILLS / 4
    assert len(at_looks) > 1
