"""Where the tests of the ledger's contract keep it."""

from pathlib import Path

import pytest
from places import KINDS, Place


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(request.param, tmp_path)
