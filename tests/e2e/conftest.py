"""What tests of kills and of damage share."""

import pytest

from harness.core.files import alone
from tests.e2e.faults import Site
from tests.undrawn import undraw


@pytest.fixture(autouse=True)
def undrawn(request, monkeypatch):
    """What is called in this process leaves figures blank, but in tests marked `drawn`.

    Processes of their own draw them.
    """
    if not request.node.get_closest_marker("drawn"):
        undraw(monkeypatch)


@pytest.fixture(scope="session")
def whole(common, cache):
    """A study that was trained without a kill; `operations`: of files, by its worker.

    Trained by the first process that needs it; the others wait for it.
    """
    site, log = Site(common / "whole"), common / "operations"
    with alone(common / "whole.lock"):
        if not log.exists():
            begun = common / "operations.begun"
            cache.mkdir(exist_ok=True)
            (site.folder / "runs").mkdir()
            (site.folder / "runs/cache").symlink_to(cache.resolve())  # whose writes do not count
            site.run("run", "tiny", "--workers", "1", log=begun, who="worker")
            begun.rename(log)
    site.operations = len(log.read_text().splitlines())
    assert site.operations > 100
    assert site.hidden() == []
    return site
