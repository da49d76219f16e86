"""What the files of one trial say, as values of columns."""

import math
from collections.abc import Mapping, Sequence
from typing import Any


def message(result: Mapping[str, Any] | None, failure: Mapping[str, Any] | None) -> str:
    """Why it ended as it did; empty where there is nothing to say."""
    if result:
        return str(result.get("message", ""))
    return str(failure["error"]) if failure else ""


LARGEST = 1e100  # what is larger has a square, or a sum of some, that no float holds


def number(value: Any) -> float:
    """A number of JSON; NaN for one that is not finite, which may stand there as null or as itself.

    So is what is too large to compute with: no mean and no p is ever made of either.
    """
    known = math.nan if value is None else float(value)
    return known if abs(known) <= LARGEST else math.nan


def costs(result: Mapping[str, Any] | None, last: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """What a training cost; of one that has not ended, so far (`last`: its last row)."""
    ended = result or (last[0] if last else {})
    names = ("kimg", "iteration", "seconds", "evaluation_seconds", "images_per_second", "attempts")
    found = {name: number(ended.get(name)) for name in names}
    parameters = ended.get("parameters", {})
    for network in ("generator", "discriminator"):
        found[f"{network}_parameters"] = number(parameters.get(network))
    found["generator_updates"] = number(last[0].get("generator_updates")) if last else math.nan
    return found


def surroundings(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What one attempt ran on."""
    # the machine's name stays in the record: reports are sent around
    git = entry.get("git") or {}
    return {
        **{name: str(entry.get(name, "")) for name in ("at", "python", "platform", "device")},
        "arithmetic": _pairs(entry.get("arithmetic") or {}),
        "versions": _pairs(entry.get("versions") or {}),
        "commit": str(git.get("commit") or ""),
        "dirty": bool(git.get("dirty")),
    }


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {values[name]}" for name in sorted(values))
