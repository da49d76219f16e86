"""Content of the files of one trial, as values of columns."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.runs.rows import Environment, Failure, Result


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
    """Costs of a training; of one that has not ended, so far (`last`: its last row)."""
    ended = result.to_json() if result else last[0] if last else {}
    names = ("kimg", "iteration", "seconds", "evaluation_seconds", "images_per_second", "attempts")
    numbers = {name: number(ended.get(name)) for name in names}
    parameters = ended.get("parameters", {})
    for network in ("generator", "discriminator"):
        numbers[f"{network}_parameters"] = number(parameters.get(network))
    numbers["generator_updates"] = number(last[0].get("generator_updates")) if last else math.nan
    return numbers


def surroundings(attempt: Environment) -> dict[str, Any]:
    """Machine, versions and arithmetic of one attempt."""
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
