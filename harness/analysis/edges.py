"""Chosen values at an edge of what was tried: a better one may lie beyond."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from harness.config.patch import check_value
from harness.core.errors import HarnessError

SHARE = 0.05  # of a range, on its scale: so near to an end is at it
FEWEST = 3  # values; of two each is an end


class Edge(NamedTuple):
    """A value at an end of its range, or of the values that were tried."""

    name: str
    value: Any
    upper: bool
    low: Any  # the ends
    high: Any


def search_edges(space: Mapping[str, Mapping[str, Any]], params: Mapping[str, Any]) -> list[Edge]:
    """The dimensions of a search in which a suggestion is at an edge, in their order.

    At an edge is what lies within 5 % of an end of a range, on its linear or logarithmic scale,
    and the smallest or largest of three or more choices that are numbers. Where the knob itself
    takes no values beyond an end, that is no edge.
    """
    edges = (_of_dimension(name, span, params[name]) for name, span in space.items())
    return [edge for edge in edges if edge]


def tried_edge(name: str, values: Sequence[Any], value: Any) -> Edge | None:
    """The edge where a value is the smallest or largest of three or more numbers, else None."""
    if not all(map(_is_number, values)) or len(numbers := sorted(set(values))) < FEWEST:
        return None
    return _edge(name, value, numbers[0], numbers[-1], value == numbers[0], value == numbers[-1])


def share(span: Mapping[str, Any], value: float) -> float:
    """Where a value lies in its range, from 0 to 1, on the scale of the range."""
    low, high = float(span["low"]), float(span["high"])
    if span.get("log"):
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low)


def _of_dimension(name: str, span: Mapping[str, Any], value: Any) -> Edge | None:
    if choices := span.get("choices"):
        return tried_edge(name, choices, value)
    at, step = share(span, value), span.get("step")
    # the last value that steps reach may be well below the end
    beyond = step is not None and value + step > span["high"]
    lower, upper = at <= SHARE, at >= 1 - SHARE or beyond
    return _edge(name, value, span["low"], span["high"], lower, upper)


def _edge(name: str, value: Any, low: Any, high: Any, lower: bool, upper: bool) -> Edge | None:
    if lower is upper or not _goes_on(name, low, high, upper):
        return None
    return Edge(name, value, upper, low, high)


def _goes_on(name: str, low: Any, high: Any, upper: bool) -> bool:
    """Whether the knob takes values beyond an end of its range."""
    whole = isinstance(low, int) and isinstance(high, int)
    step = 1 if whole else SHARE * (high - low)
    beyond = high + step if upper else low - step
    if low > 0 and not whole:
        beyond = max(beyond, low / 2)  # below a logarithmic range, which such a step would leave
    try:
        check_value(name, beyond)
    except HarnessError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
