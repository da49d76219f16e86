"""Messages about names that are unknown."""

import pytest

from harness.core.errors import HarnessError, unknown


@pytest.mark.parametrize(
    ("name", "choices", "said"),
    [
        ("hingd", ["hinge", "minimax"], "unknown loss 'hingd'; did you mean 'hinge'?"),
        ("xyz", ["b", "a"], "unknown loss 'xyz'; choose one of: a, b"),
        ("xyz", [str(n) for n in range(12)], f"one of: {', '.join(sorted(map(str, range(12))))}"),
        ("xyz", [str(n) for n in range(13)], "'xyz'; none of the 13 known names is similar"),
        ("xyz", [], "unknown loss 'xyz'; there are none here"),
        (3, ["three"], "unknown loss '3'; choose one of: three"),
    ],
)
def test_unknown_says_the_nearest_or_the_few(name, choices, said):
    assert unknown("loss", name, iter(choices)).endswith(said)


def test_a_mistake_is_a_value_error():
    """So pydantic reports it with its place."""
    assert issubclass(HarnessError, ValueError)
