"""The tips: sourced claims with two sides each. `HEURISTICS` holds them all by id."""

from harness.heuristics.schema import Claim, Heuristic
from harness.heuristics.table import HEURISTICS

__all__ = ["HEURISTICS", "Claim", "Heuristic"]
