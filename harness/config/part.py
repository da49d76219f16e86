"""What the parts of a study file share."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.core.errors import HarnessError, shown
from harness.core.format import whole

MOST_SEEDS = 1000  # of a study: each is a training of every cell
SEED_BOUND = 2**31  # that of the knob `seed`
Levels = list[Any] | dict[str, dict[str, Any]]
"""The levels of a factor: values of the knob that names it, or label → patch."""


class Part(BaseModel):
    """A mapping in a study file: unknown keys are errors, and no value is converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def check_seeds(seeds: list[int]) -> list[int]:
    """Return `seeds` if they can be those of trials."""
    if not seeds:
        raise HarnessError("at least one seed is needed")
    if len(seeds) > MOST_SEEDS:
        raise HarnessError(f"at most {whole(MOST_SEEDS)} seeds (given: {whole(len(seeds))})")
    if len(set(seeds)) < len(seeds) or min(seeds) < 0 or max(seeds) >= SEED_BOUND:
        raise HarnessError(
            "seeds are different whole numbers, 0 or larger and below "
            f"{SEED_BOUND} (given: {shown(seeds)})"
        )
    return seeds


def count_seeds(count: int) -> int:
    """Return `count` if a study can have so many seeds."""
    if count < 1:
        raise HarnessError("at least one seed is needed")
    if count > MOST_SEEDS:
        raise HarnessError(f"at most {whole(MOST_SEEDS)} seeds (given: {whole(count)})")
    return count
