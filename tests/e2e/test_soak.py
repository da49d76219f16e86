"""A worker for many trials: memory, descriptors and threads stay where they are.

HARNESS_SOAK: how many trials; HARNESS_SOAK_LOG: a file for the figures.
"""

import json
import os
import time
from pathlib import Path

import psutil
import pytest

from tests.e2e.faults import STUDY, Site

TRIALS = int(os.environ.get("HARNESS_SOAK", "200"))
WARM = 20  # trials in which what is kept is filled: programs, evaluators, caches
MEGABYTES = 0.1  # that a trial may cost on average when it is warm

pytestmark = [pytest.mark.tf, pytest.mark.slow, pytest.mark.timeout(7200)]


def ended(site):
    return len(list(site.folder.glob("runs/trials/*/result.json")))


def worker(driver):
    """The worker process of a driver, once it is there."""
    for process in psutil.Process(driver.pid).children(recursive=True):
        if "work" in process.cmdline():
            return process
    return None


def figures(process):
    with process.oneshot():
        return {
            "megabytes": process.memory_info().rss / 2**20,
            "descriptors": process.num_fds(),
            "threads": process.num_threads(),
        }


def watched(site, driver):
    """Number of ended trials → what the worker held then."""
    seen = {}
    while driver.poll() is None:
        count = ended(site)
        if count not in seen:
            try:
                process = worker(driver)
                if process is not None:
                    seen[count] = {**figures(process), "pid": process.pid}
            except psutil.NoSuchProcess:  # it has just ended
                pass
        time.sleep(0.1)
    return seen


def test_many_trials_in_one_worker(tmp_path):
    site = Site(tmp_path / "soak")
    study = STUDY.replace("seeds: 1", f"seeds: {-(-TRIALS // 2)}")
    (site.folder / "studies/tiny.yaml").write_text(study)
    driver = site.start("run", "tiny", "--workers", "1")
    seen = watched(site, driver)
    output, _ = driver.communicate(timeout=600)
    assert driver.returncode == 0, output[-3000:]
    assert ended(site) == 2 * -(-TRIALS // 2)
    assert len({one["pid"] for one in seen.values()}) == 1  # it was never renewed or lost
    warm = {count: one for count, one in seen.items() if count >= min(WARM, TRIALS // 2)}
    first, last = warm[min(warm)], warm[max(warm)]
    told = {"trials": ended(site), "from": min(warm), "to": max(warm), "first": first, "last": last}
    if log := os.environ.get("HARNESS_SOAK_LOG"):
        Path(log).write_text(json.dumps({**told, "all": seen}, indent=1))
    grown = last["megabytes"] - first["megabytes"]
    assert grown < 10 + MEGABYTES * (max(warm) - min(warm)), told
    assert last["descriptors"] <= first["descriptors"] + 5, told
    assert last["threads"] <= first["threads"] + 2, told
