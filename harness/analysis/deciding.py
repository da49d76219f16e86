"""Intervals that decide on equivalence: a tip is equivalent if its interval is within the zone.

They invert the two one-sided tests (`equivalence`) at the levels at which these were made: one
contrast alone has 1 − 2 alpha (90 % at 0.05), and of several Holm's levels make them wider.
"""

import math

import numpy as np
import pandas as pd

from harness.analysis import max_t
from harness.analysis.effects import matrix
from harness.analysis.frame import Frames
from harness.analysis.max_t import Array

STEPS = 40  # of a bisection
Span = tuple[float, float]


def deciding_intervals(frames: Frames, ranking: pd.DataFrame) -> dict[str, Span]:
    """Contrast → ends of its interval, as measured; a contrast without a test is left out.

    A sequential run has none: a look may reject by an earlier look's values at a later level, and
    the interval of a single look does not show it.
    """
    if frames.plan.looks:
        return {}
    names = [contrast.name for contrast in frames.plan.contrasts]
    p = ranking.set_index("contrast")["p_equivalence"].reindex(names)
    ends = invert(matrix(frames, finished=False), p.to_numpy(float), frames.plan.alpha)
    spans = dict(zip(names, map(tuple, ends.tolist()), strict=True))
    return {name: span for name, span in spans.items() if all(map(math.isfinite, span))}


def invert(D: Array, p: Array, alpha: float) -> Array:
    """Ends (contrasts, 2) of differences (seeds, contrasts); NaN where too few seeds give none.

    `p` is the larger one of each contrast's two tests, not adjusted; NaN where there was no test.
    """
    ends = np.full((len(p), 2), np.nan)
    tested = np.isfinite(p)
    if tested.any():
        levels = _levels(p[tested], alpha)
        inside = D[:, tested]
        ends[tested] = np.column_stack([-_reach(inside, levels), _reach(-inside, levels)])
    return ends


def _levels(p: Array, alpha: float) -> Array:
    """Level of each test by Holm; those after the first that is not rejected have the same."""
    count, order = len(p), np.argsort(p, kind="stable")
    steps = alpha / np.arange(count, 0, -1)
    kept = p[order] > steps
    first = int(kept.argmax()) if kept.any() else count - 1
    levels = np.empty(count)
    levels[order] = steps[np.minimum(np.arange(count), first)]
    return levels


def _reach(D: Array, levels: Array) -> Array:
    """The smallest number that, added to all differences, makes their mean significantly > 0."""
    low, high = -np.nanmax(D, axis=0), -np.nanmin(D, axis=0)
    high = high + np.where(high > low, high - low, 1.0)  # where all are well above zero
    unbounded = max_t.above(D + high) > levels
    for _ in range(STEPS):
        middle = (low + high) / 2
        significant = max_t.above(D + middle) <= levels
        low, high = np.where(significant, low, middle), np.where(significant, middle, high)
    return np.where(unbounded, np.nan, high)
