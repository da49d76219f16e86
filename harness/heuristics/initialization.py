"""Tips on initial weights."""

from harness.heuristics.schema import Heuristic

ROWS: tuple[Heuristic, ...] = ()
