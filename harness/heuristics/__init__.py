"""What the sources say, in one typed table: `HEURISTICS` holds all by id."""

from harness.heuristics.schema import Claim, Heuristic, Practice, Tip
from harness.heuristics.table import HEURISTICS, TOPICS

__all__ = ["HEURISTICS", "TOPICS", "Claim", "Heuristic", "Practice", "Tip"]
