"""Tables of names: looked up with the nearest name in an error, loaded when used."""

import sys
from typing import NamedTuple

import pytest

from harness.core.errors import HarnessError
from harness.core.registry import Registry


class Spec(NamedTuple):
    target: str
    size: int


TABLE = Registry("thing", {"square": "math:sqrt", "colour": Spec("colorsys:rgb_to_hsv", 3)})


def test_it_is_read_like_a_mapping():
    assert list(TABLE) == ["square", "colour"]
    assert "square" in TABLE
    assert "circle" not in TABLE
    assert TABLE["colour"].size == 3
    assert TABLE.check("square") == "square"


def test_code_is_imported_when_it_is_loaded():
    sys.modules.pop("colorsys", None)
    assert TABLE["colour"].target == "colorsys:rgb_to_hsv"
    assert "colorsys" not in sys.modules
    assert TABLE.load("colour")(1.0, 0.0, 0.0) == (0.0, 1.0, 1.0)
    assert TABLE.load("square")(9) == 3


@pytest.mark.parametrize("use", [TABLE.check, TABLE.load, TABLE.__getitem__])
def test_a_name_that_is_not_there(use):
    with pytest.raises(HarnessError, match="unknown thing 'color'; did you mean 'colour'"):
        use("color")
