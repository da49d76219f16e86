"""What one number a trial's KID curve becomes, declared in the study before it is run."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from harness.errors import HarnessError, unknown

KID_SCALE = 1000
"""KID is shown × 10³ everywhere; tables on disk keep it as measured."""


def final(kids: Sequence[float], evaluations: int) -> float:
    """Mean KID over the last fifth (rounded up) of the evaluations; NaN until all of it is there.

    `kids` starts with the untrained generator, which is none of the `evaluations`. The mean and
    not the minimum: the best of noisy checkpoints is biased down (statistics, section 1).
    """
    if len(kids) <= evaluations:
        return math.nan
    return float(np.mean(kids[evaluations + 1 - math.ceil(evaluations / 5) :]))


def failure_value(kids: Sequence[float]) -> float:
    """The objective of a diverged trial: untrained or last finite KID, whichever is larger."""
    if not kids or not math.isfinite(kids[0]):
        return math.nan
    last = [kid for kid in kids if math.isfinite(kid)][-1]
    return max(kids[0], last)


OBJECTIVES: dict[str, Callable[[Sequence[float], int], float]] = {"final": final}


def objective(name: str) -> Callable[[Sequence[float], int], float]:
    """The objective by the name that the study declares."""
    if name not in OBJECTIVES:
        raise HarnessError(unknown("objective", name, OBJECTIVES))
    return OBJECTIVES[name]
