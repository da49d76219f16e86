"""The key `tune` of a study: every cell is given its own best of a few values before it counts."""

from collections.abc import Collection
from math import prod
from typing import Annotated

from pydantic import AfterValidator

from harness.config.part import Levels, Part, check_seeds
from harness.core.errors import HarnessError

MOST = 6  # points of the grid: each is trained in every cell


def _grid(values: dict[str, Levels]) -> dict[str, Levels]:
    count = prod(len(levels) for levels in values.values())
    if not values or count < 2:
        raise HarnessError("give at least one knob two values or more")
    if count > MOST:
        sizes = " × ".join(str(len(levels)) for levels in values.values())
        raise HarnessError(f"at most {MOST} combinations of values are allowed (given: {sizes})")
    return values


class Tune(Part):
    """A grid of values, and the seeds that choose among them in each cell."""

    values: Annotated[dict[str, Levels], AfterValidator(_grid)]
    seeds: Annotated[list[int], AfterValidator(check_seeds)]

    def check_apart(self, judging: Collection[int], profile: str | None) -> None:
        """Raise an error where a seed that judges would choose, too (statistics, section 1)."""
        if shared := sorted(set(self.seeds) & set(judging)):
            under = f" under profile {profile}" if profile else ""
            raise HarnessError(
                f"tune.seeds: {shared[0]} is also a seed of the study{under}; use other seeds, "
                f"for example {[max(judging) + 1 + n for n in range(len(self.seeds))]}"
            )
