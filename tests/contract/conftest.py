"""Where the tests of the ledger's contract keep it."""

from pathlib import Path

import pytest
from places import ALL, Place


@pytest.fixture(params=ALL)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(request.param, tmp_path)
