"""What tests of kills and of damage share."""

import pytest

from tests.e2e.faults import Site


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A study that was trained without a kill; `operations`: of files, by its worker."""
    site = Site(tmp_path_factory.mktemp("faults") / "whole")
    log = site.folder.parent / "operations"
    site.run("run", "tiny", "--workers", "1", log=log, who="worker")
    site.operations = len(log.read_text().splitlines())
    assert site.operations > 100
    assert site.hidden() == []
    return site
