"""What the parts of a study file share."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.errors import HarnessError

Levels = list[Any] | dict[str, dict[str, Any]]
"""The levels of a factor: values of the knob that names it, or label → patch."""
SEEDS = 2**31  # the bound of the knob `seed`


class Part(BaseModel):
    """A mapping in a study file: unknown keys are errors, and no value is converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def check_seeds(seeds: list[int]) -> list[int]:
    """Return `seeds` if they can be those of trials."""
    if not seeds:
        raise HarnessError("at least one seed is needed")
    if len(set(seeds)) < len(seeds) or min(seeds) < 0:
        raise HarnessError("seeds are different whole numbers, 0 or larger")
    if max(seeds) >= SEEDS:
        raise HarnessError(f"seeds are whole numbers below {SEEDS}, not {max(seeds)}")
    return seeds
