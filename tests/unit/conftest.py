"""Reports without their pictures, but where a test is about them."""

import pytest

from tests.undrawn import undraw


@pytest.fixture(autouse=True)
def undrawn(request, monkeypatch):
    """Most tests read a report for its words.

    Those marked `drawn` have the real figures, as what `tests/e2e` starts as a process has.
    """
    if not request.node.get_closest_marker("drawn"):
        undraw(monkeypatch)
