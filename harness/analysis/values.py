"""What the files of one trial say, as values of columns."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from harness.metrics.kid import FIRST_HALF, SECOND_HALF
from harness.runs.rows import Environment, Failure, Result

HALVES = (FIRST_HALF, SECOND_HALF)
SHARED_HALVES = ("kid_half_a", "kid_half_b")
"""Of older records: both halves of the real images against the same generated ones."""


def kid_error(row: Mapping[str, Any], identity: str) -> dict[str, float]:
    """Standard error of a KID: from its blocks or, where subsets overlap, from its two halves.

    The halves of an older record share their generated images, so theirs is too small.
    """
    names = HALVES if HALVES[0] in row else SHARED_HALVES
    halves = [row.get(name) for name in names]
    parts = halves if ".subsets" in identity else row.get("kid_blocks") or []
    known = [part for part in parts if part is not None]
    error = statistics.stdev(known) / math.sqrt(len(known)) if len(known) > 1 else math.nan
    return {"kid_error": error}


def message(result: Result | None, failure: Failure | None) -> str:
    """Why it ended as it did; empty where there is nothing to say."""
    if result:
        return result.message
    return failure.error if failure else ""


LARGEST = 1e100  # what is larger has a square, or a sum of some, that no float holds


def number(value: Any) -> float:
    """A number of JSON; NaN for one that is not finite, which may stand there as null or as itself.

    So is what is too large to compute with: no mean and no p is ever made of either.
    """
    known = math.nan if value is None else float(value)
    return known if abs(known) <= LARGEST else math.nan


def costs(result: Result | None, last: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """What a training cost; of one that has not ended, so far (`last`: its last row)."""
    ended = result.to_json() if result else last[0] if last else {}
    names = ("kimg", "iteration", "seconds", "evaluation_seconds", "images_per_second", "attempts")
    found = {name: number(ended.get(name)) for name in names}
    parameters = ended.get("parameters", {})
    for network in ("generator", "discriminator"):
        found[f"{network}_parameters"] = number(parameters.get(network))
    found["generator_updates"] = number(last[0].get("generator_updates")) if last else math.nan
    return found


def surroundings(attempt: Environment) -> dict[str, Any]:
    """What one attempt ran on."""
    # the machine's name stays in the record: reports are sent around
    return {
        **{name: getattr(attempt, name) for name in ("at", "python", "platform", "device")},
        "arithmetic": _pairs(attempt.arithmetic),
        "versions": _pairs(attempt.versions),
        "commit": attempt.git.commit,
        "dirty": attempt.git.dirty,
    }


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {values[name]}" for name in sorted(values))
