"""This checkout and the one that BENCH_BEFORE names, if it does: both in turn, and a ratio."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.measure import ROOT, Target, line, say

T = TypeVar("T")


def both() -> list[Path]:
    """This one first."""
    before = os.environ.get("BENCH_BEFORE")
    return [ROOT, *([Path(before)] if before else [])]


def in_turn(what: str, rounds: int, measure: Callable[[Path], T]) -> list[list[T]]:
    """Measurements of this one and of the former one, which comes first in each round."""
    trees = both()
    results: list[list[T]] = [[] for _ in trees]
    for number in range(rounds):
        for tree, measured in reversed(list(zip(trees, results, strict=True))):
            measured.append(measure(tree))
            say(f"{what}: round {number + 1} of {rounds}, {tree.name}")
    return results


def compared(what: str, results: Sequence[Sequence[float]], share: float) -> dict[str, Any]:
    """A line in seconds, whose target is at most a share of the former checkout's."""
    target = Target("ratio", ">=", round(1 / share, 2)) if len(results) > 1 else None
    return line(what, "s", *results, target=target)


def note() -> list[str]:
    """What the ratios are of."""
    return [f"Baseline: the checkout {tree.name}, in turn." for tree in both()[1:]]
