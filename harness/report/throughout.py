"""Knobs as all cells have them: one value or, where cells differ in it, how far they do."""

from collections.abc import Callable, Iterable
from typing import Any

from harness.config.inputs.facts import trained_on
from harness.config.patch import DEFAULTS
from harness.core import format as show
from harness.report.data import ReportData


def values(data: ReportData, knob: str) -> list[Any]:
    """The values that cells have of a knob, the reference's first."""
    return list(dict.fromkeys(knobs[knob] for _, knobs in _cells(data)))


def alike(data: ReportData, knob: str) -> bool:
    """Whether all cells have the same value of a knob."""
    return len(values(data, knob)) == 1


def span(data: ReportData, knob: str) -> str:
    """Its value or, of a number that differs, its ends: 9.6, or 2.4 to 9.6."""
    return _ends(values(data, knob), show.plain)


def images(data: ReportData) -> str:
    """Number of training images, likewise, of the cells of which it is known; empty: of none."""
    counts = [trained_on(knobs, data.frames.images.get(cell)) for cell, knobs in _cells(data)]
    known = [count for count in counts if count is not None]
    return _ends(known, lambda count: show.number(count, 0)) if known else ""


def _cells(data: ReportData) -> Iterable[tuple[str, dict[str, Any]]]:
    configs = data.frames.configs
    for cell in dict.fromkeys((data.plan.reference, *configs)):
        yield cell, {**DEFAULTS, **configs[cell]}


def _ends(numbers: Iterable[Any], text: Callable[[Any], str]) -> str:
    several = sorted(set(numbers))
    ends = dict.fromkeys(map(text, (several[0], several[-1])))
    return " to ".join(ends)
