"""A/A: the same cell against itself. How often do the rules find a difference that is not there?"""

from typing import NamedTuple

import numpy as np

from harness.analysis import max_t
from harness.analysis.effects import MAX_T, estimates, primary
from harness.analysis.frame import Frames
from harness.core import rng
from harness.core.errors import HarnessError

DEALS = 2000


class SelfCheck(NamedTuple):
    """Deals of one cell's seeds into arms, and the share of them that ended in a verdict."""

    pool: int  # seeds that were trained
    seeds: int  # of an arm
    contrasts: int
    deals: int
    share: float  # of deals in which any contrast was better or worse
    alpha: float

    @property
    def tolerance(self) -> float:
        """Deals overlap, so the share scatters around alpha; above this, something is off."""
        return 2 * self.alpha


def check_same_cell(frames: Frames, seeds: int, contrasts: int) -> SelfCheck:
    """Deal the reference's values, pair by pair, into arms of different seeds."""
    trials = frames.trials[frames.trials["cell"] == frames.plan.reference]
    values = trials["final"].dropna().to_numpy(float)
    if len(values) < 2 * seeds:
        raise HarnessError(
            f"self-check: {len(values)} seeds have a value, and two arms of {seeds} need "
            f"{2 * seeds}"
        )
    alpha, random = frames.plan.alpha, rng.generator(0, "self-check")
    significant = 0
    for _ in range(DEALS):
        dealt = [random.permutation(values)[: 2 * seeds] for _ in range(contrasts)]
        D = np.column_stack([arms[:seeds] - arms[seeds:] for arms in dealt])
        significant += bool((_adjusted(D, alpha) <= alpha).any())
    return SelfCheck(len(values), seeds, contrasts, DEALS, significant / DEALS, alpha)


def _adjusted(D: max_t.Array, alpha: float) -> max_t.Array:
    if primary(len(D)) == MAX_T:
        return max_t.adjusted(D)
    return estimates(D, alpha, exact=False)["p_adjusted"].to_numpy(float)
