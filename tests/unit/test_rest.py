"""How often something is looked at that takes time."""

import pytest

from harness.core.rest import Rest


@pytest.mark.parametrize(("took", "again"), [(0.0, 0.5), (0.01, 0.5), (0.1, 2.1)])
def test_looks_that_take_long_are_rare(took, again):
    now = [10.0]
    rest = Rest(0.5, 20.0, lambda: now[0])
    assert rest.over()
    with rest.after():
        now[0] += took
    now[0] = 10.0 + again - 0.01
    assert not rest.over()
    now[0] = 10.0 + again
    assert rest.over()
