"""What tests of kills and of damage share."""

import pytest

from harness.core.files import alone
from tests.e2e.faults import Site


@pytest.fixture(scope="session")
def whole(common):
    """A study that was trained without a kill; `operations`: of files, by its worker.

    Trained by the first process that needs it; the others wait for it.
    """
    site, log = Site(common / "whole"), common / "operations"
    with alone(common / "whole.lock"):
        if not log.exists():
            begun = common / "operations.begun"
            site.run("run", "tiny", "--workers", "1", log=begun, who="worker")
            begun.rename(log)
    site.operations = len(log.read_text().splitlines())
    assert site.operations > 100
    assert site.hidden() == []
    return site
