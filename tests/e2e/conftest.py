"""What tests of kills, of damage and of pages share."""

from hashlib import sha256

import pytest

from harness.app.doctor import machine
from harness.core.files import alone
from tests.e2e.browsing import BINARY, NAMES, Browser
from tests.e2e.faults import Site
from tests.e2e.place import one_core
from tests.undrawn import undraw


@pytest.fixture(autouse=True)
def undrawn(request, monkeypatch):
    """What is called in this process leaves figures blank, but in tests marked `drawn`.

    Processes of their own draw them.
    """
    if not request.node.get_closest_marker("drawn"):
        undraw(monkeypatch)


@pytest.fixture(autouse=True)
def no_driver_stays(request):
    """A driver that a test has left on its cluster would train on in the next one."""
    yield
    if "cluster" in request.fixturenames:
        request.getfixturevalue("cluster").no_drivers()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    if not BINARY:
        pytest.skip(f"no browser is installed ({', '.join(NAMES)})")
    return Browser(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="session")
def whole(common, cache):
    """A study that was trained without a kill; `operations`: of files, by its worker.

    Trained by the first process that needs it; the others wait for it.
    """
    site, log = Site(common / "whole"), common / "operations"
    with alone(common / "whole.lock"):
        if not log.exists():
            begun = common / "operations.begun"
            site.share(cache)  # whose writes do not count
            site.run("run", "tiny", "--workers", "1", log=begun, who="worker")
            begun.rename(log)
    site.operations = len(log.read_text().splitlines())
    assert site.operations > 100
    assert site.hidden() == []
    return site


@pytest.fixture(scope="session")
def on_one_machine(common, cache):
    """A function: a study as this machine trains it on one core, once for all that compare."""

    def trained(text):
        name = sha256(text.encode()).hexdigest()[:12]
        with alone(common / f"{name}.lock"):
            site = Site(common / name)
            site.write(text, "tiny")
            site.share(cache)
            if not (site.folder / "reports").exists():  # written last
                with one_core():
                    site.drive("run", "tiny")
        return site

    return trained


@pytest.fixture
def harness(monkeypatch):
    """The command line in this process: whatever it raises but its own exit is a fault."""
    monkeypatch.setattr(machine, "check_devices", lambda: [])

    def go(site, *arguments):
        code, output, errors = site.call(*arguments)
        return code, output + errors

    return go
