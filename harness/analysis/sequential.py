"""Looks at a study while it runs: which contrasts are decided, which are given up, which go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.max_t import Array
from harness.plan.looks import Looks


class State(StrEnum):
    """How a contrast stands after a look; once it is not open, it never changes."""

    OPEN = "open"
    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    FUTILE = "futile"


@dataclass(frozen=True)
class Decision:
    """One contrast at one look; that of the look that closed it where it was closed before.

    t statistics are those of the differences, and of the differences plus and minus the margin
    turned so that large values show equivalence. A boundary is the smallest value that is
    rejected; None: no value is. None, too, for what too few seeds leave without a value.
    """

    n: int  # seeds with a difference
    effect: float | None  # mean difference
    sd: float | None  # of the differences
    low: float | None  # repeated confidence interval, for all contrasts and looks at once
    high: float | None
    level: float  # Holm's level for *different*
    t: float | None
    boundary: float | None  # of |t|
    level_equivalence: float  # Holm's level for *equivalent*
    t_above: float | None  # that the mean is above −margin
    boundary_above: float | None
    t_below: float | None  # that the mean is below +margin
    boundary_below: float | None
    predictive: float | None  # probability to be decided by n_max; None at the last look
    state: State


def decide(
    design: Looks,
    seen: Sequence[Array],
    margins: Array,
    earlier: Sequence[Sequence[Decision]],
) -> tuple[Decision, ...]:
    """The decisions of a look, one a contrast; the same for the same input.

    seen: one array a look, the last of the look to take: differences (seeds, contrasts) as they
    were frozen, row i being the same seed in all, NaN where a seed has no value. Its number of rows
    is the look's number of seeds. margins: half-widths of the region of equivalence (contrasts,),
    frozen at the first look, NaN for none. earlier: what the looks before decided.
    """
    raise NotImplementedError
