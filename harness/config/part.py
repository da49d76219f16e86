"""The base class and types of the parts of a study file."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.core.errors import HarnessError, shown
from harness.core.format import whole

MOST_SEEDS = 1000  # of a study: each is a training of every cell
SEED_BOUND = 2**31  # that of the knob `seed`
Levels = list[Any] | dict[str, dict[str, Any]]
"""The levels of a factor: values of one knob, or label → patch."""


class Part(BaseModel):
    """A mapping in a study file; unknown keys are errors, values are not converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def check_seeds(seeds: list[int]) -> list[int]:
    """Return `seeds` if they are valid."""
    if not seeds:
        raise HarnessError("at least one seed is needed")
    if len(seeds) > MOST_SEEDS:
        raise HarnessError(f"at most {whole(MOST_SEEDS)} seeds (given: {whole(len(seeds))})")
    if len(set(seeds)) < len(seeds) or min(seeds) < 0 or max(seeds) >= SEED_BOUND:
        raise HarnessError(
            f"seeds must be different whole numbers from 0 to below {SEED_BOUND} (given: "
            f"{shown(seeds)})"
        )
    return seeds


def count_seeds(count: int) -> int:
    """Return `count` if it is a valid number of seeds."""
    if count < 1:
        raise HarnessError("at least one seed is needed")
    if count > MOST_SEEDS:
        raise HarnessError(f"at most {whole(MOST_SEEDS)} seeds (given: {whole(count)})")
    return count
