"""Rank intervals: which places of a ranking a contrast may hold, for all that is known."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from harness.analysis import max_t
from harness.analysis.effects import estimate, holm
from harness.analysis.max_t import Array
from harness.plan.reach import EXACT


def rank_intervals(D: Array, alpha: float, exact: bool) -> tuple[list[int], list[int]]:
    """First and last place of each column, the smallest mean in the first: lists of columns.

    From the test of all pairs (Al Mohamad et al. 2022): 1 + how many are significantly smaller, and
    all but those that are significantly larger.
    """
    columns = D.shape[1]
    pairs = list(combinations(range(columns), 2))
    first, last = [1] * columns, [columns] * columns
    if not pairs:
        return first, last
    one, two = (D[:, list(side)] for side in zip(*pairs, strict=True))
    with np.errstate(over="ignore"):  # what that gives is refused below
        apart = one - two
    p = _adjusted(max_t.checked(apart), exact)
    smaller = np.nansum(apart, axis=0) < 0
    for (left, right), reached, left_wins in zip(pairs, p, smaller, strict=True):
        if reached <= alpha:
            better, worse = (left, right) if left_wins else (right, left)
            first[worse] += 1
            last[better] -= 1
    return first, last


def _adjusted(D: Array, exact: bool) -> Sequence[float]:
    if exact:
        enough = np.isfinite(D).sum(0) >= EXACT
        return list(max_t.adjusted(np.where(enough, D, np.nan)))
    alone = [estimate(pd.Series(column[np.isfinite(column)]), 0.05).p for column in D.T]
    return list(holm(pd.Series(alone)))
