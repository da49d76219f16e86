"""What one number a trial's KID curve becomes, declared in the study before it is run."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from harness.errors import HarnessError, unknown

KID_SCALE = 1000
"""KID is shown × 10³ everywhere; tables on disk keep it as measured."""


Kids = Mapping[int, float]  # KID by the number of the evaluation; 0 is the untrained generator


def final(kids: Kids, evaluations: int) -> float:
    """Mean KID over the last fifth (rounded up) of the evaluations; NaN until all of it is there.

    Of a trial that is scored again only that fifth may be there, with the best. The mean and not
    the minimum: the best of noisy checkpoints is biased down (statistics, section 1).
    """
    first = evaluations + 1 - math.ceil(evaluations / 5)
    wanted = range(first, evaluations + 1)
    return float(np.mean([kids.get(number, math.nan) for number in wanted]))


def failure_value(kids: Sequence[float]) -> float:
    """The objective of a diverged trial: untrained or last finite KID, whichever is larger."""
    if not kids or not math.isfinite(kids[0]):
        return math.nan
    last = [kid for kid in kids if math.isfinite(kid)][-1]
    return max(kids[0], last)


OBJECTIVES: dict[str, Callable[[Kids, int], float]] = {"final": final}


def objective(name: str) -> Callable[[Kids, int], float]:
    """The objective by the name that the study declares."""
    if name not in OBJECTIVES:
        raise HarnessError(unknown("objective", name, OBJECTIVES))
    return OBJECTIVES[name]
