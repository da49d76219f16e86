"""The key `sequential` of a study: a stopping rule, by which seeds go to what is undecided."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from harness.config.part import Part, count_seeds
from harness.core.errors import HarnessError, shown

MOST = 24  # seeds, where a study declares no other number
FUTILITY = 0.1  # predictive power below which a contrast is closed, where none is declared

EXCLUDED = {  # key → why a stopping rule does not go with it, and what to write instead
    "search": "a search has no contrasts to stop at; its budget is search.trials. Remove the key, "
    "and write it into the study that confirms what the search finds",
    "tune": "a study that tunes trains all of its seeds: remove the key, or write the values that "
    "tuning has chosen into the baseline and remove `tune`",
}


def _increasing(looks: list[int]) -> list[int]:
    if not looks or looks[0] < 2 or any(after <= before for before, after in pairwise(looks)):
        right = sorted({n for n in looks if n >= 2}) or [9, 12, 15, 18, MOST]
        raise HarnessError(
            f"looks are numbers of seeds from 2 up, each larger than the one before (given: "
            f"{shown(looks)}); write {right}"
        )
    count_seeds(looks[-1])
    return looks


class Sequential(Part):
    """The stopping rule of a study: after how many seeds it is looked at, and how many at most."""

    looks: Annotated[list[int], AfterValidator(_increasing)] | None = None  # None: the usual ones
    n_max: Annotated[int, AfterValidator(count_seeds)] | None = None  # most seeds
    futility: float = Field(FUTILITY, ge=0, lt=1)

    def most(self) -> int:
        """The number of seeds of a study that declares no `seeds`."""
        return self.n_max or (self.looks[-1] if self.looks else MOST)

    def check_alone(self, others: Sequence[str]) -> None:
        """Raise an error where the study has a key that a stopping rule does not go with."""
        for name in others:
            raise HarnessError(f"sequential: {EXCLUDED[name]}")

    def check_seeds(self, seeds: int) -> None:
        """Raise an error where the study has another number of seeds at most."""
        if self.n_max not in (None, seeds):
            raise HarnessError(
                f"sequential.n_max: {self.n_max} and `seeds` ({seeds} of them) disagree: leave one "
                f"out, or write n_max: {seeds}"
            )
        key = "seeds" if self.n_max is None else "n_max"  # that says how many
        if self.looks and self.looks[-1] > seeds:
            fewer = [n for n in self.looks if n < seeds]
            raise HarnessError(
                f"sequential.looks: a look after {self.looks[-1]} seeds, but the study has {seeds} "
                f"at most: write {[*fewer, seeds]}, or {key}: {self.looks[-1]}"
            )
        if self.looks and self.looks[-1] < seeds:
            raise HarnessError(
                f"sequential.looks: the last look is at {self.looks[-1]} seeds, but the study has "
                f"{seeds} at most: write {[*self.looks, seeds]}, or {key}: {self.looks[-1]}"
            )


def _switched(value: Any) -> Any:
    if value is True:
        return {}
    if value is None or value is False or isinstance(value, Mapping | Sequential):
        return value
    raise HarnessError(
        f"write true, false, or a mapping with looks, n_max and futility (given: {shown(value)})"
    )


Declared = Annotated[Sequential | bool | None, BeforeValidator(_switched)]
"""As a study or profile declares it; of a profile, None: as in the study."""
