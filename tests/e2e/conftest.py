"""What tests of kills and of damage share."""

import fcntl

import pytest

from tests.e2e.faults import Site


@pytest.fixture(scope="session")
def whole(common):
    """A study that was trained without a kill; `operations`: of files, by its worker.

    Trained by the first process that needs it: the others wait, and read.
    """
    site, log = Site(common / "whole"), common / "operations"
    with (common / "whole.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not log.exists():
            site.run("run", "tiny", "--workers", "1", log=log, who="worker")
    site.operations = len(log.read_text().splitlines())
    assert site.operations > 100
    assert site.hidden() == []
    return site
