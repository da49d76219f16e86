"""The key `search` of a study: ranges that a sampler draws from, under a fixed budget."""

import math
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from harness.config.catalog import PRUNERS, SAMPLERS
from harness.config.part import Part
from harness.core.errors import HarnessError

Number = int | float
_PLAIN = (bool, int, float, str)  # what a sampler can tell apart and a file can hold


class Range(Part):
    """One knob's range, both ends included, or its choices."""

    low: Number | None = None
    high: Number | None = None
    log: bool = False
    step: Number | None = None
    choices: list[Any] | None = None

    @model_validator(mode="after")
    def _check(self) -> "Range":
        if self.choices is None:
            self._check_ends()
        elif {"low", "high", "log", "step"} & self.model_fields_set:
            raise HarnessError("give choices, or low and high, not both")
        elif not all(choice is None or isinstance(choice, _PLAIN) for choice in self.choices):
            raise HarnessError("choices must be plain values; use `factors` for labelled patches")
        elif len({repr(choice) for choice in self.choices}) < max(2, len(self.choices)):
            raise HarnessError("give two or more choices, all different")
        return self

    def _check_ends(self) -> None:
        if self.low is None or self.high is None:
            raise HarnessError("give low and high, or choices")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise HarnessError(f"low must be below high (given: {self.low}, {self.high})")
        if self.log and (self.low <= 0 or self.step is not None):
            raise HarnessError("a logarithmic range needs low above 0, and has no step")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise HarnessError(f"step must be above 0, and within the range (given: {self.step})")

    @property
    def values(self) -> list[Any]:
        """The choices, or both ends; the knob must allow them."""
        return self.choices if self.choices is not None else [self.low, self.high]


class Search(Part):
    """The search space, sampler and budget of a search."""

    space: dict[str, Range] = Field(default_factory=dict)
    trials: int = Field(gt=0)  # that are trained; what the rules forbid costs nothing
    sampler: Annotated[str, AfterValidator(SAMPLERS.check)] = "tpe"
    pruner: Annotated[str, AfterValidator(PRUNERS.check)] = "none"
