"""The advice of all sources as typed records: `HEURISTICS` holds them by id."""

from harness.heuristics.schema import Claim, Heuristic, Practice, Tip
from harness.heuristics.table import HEURISTICS
from harness.heuristics.topics import TOPICS

__all__ = ["HEURISTICS", "TOPICS", "Claim", "Heuristic", "Practice", "Tip"]
