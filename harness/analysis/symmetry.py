"""Contrasts for which the symmetry that sign flips assume is in doubt (statistics, "The test")."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.analysis.frame import Frames
from harness.analysis.tails import normal_above
from harness.core import format as show
from harness.plan.naming import contrast_names
from harness.plan.reach import EXACT
from harness.runs.status import Status

APART = 5.0  # the deviation of one side over the other's from which skew was simulated to matter
SURE = 0.01  # level of the test of skewness
TELLING = 8  # seeds from which that test holds


def doubts(frames: Frames) -> list[str]:
    """One sentence for the contrasts whose sides scatter very differently, one for skewed ones.

    By finished trials of the metric identity that most of them have, from six seeds up: with fewer
    there is no sign-flip test, and deviations are too uncertain.
    """
    ended = frames.trials[frames.trials["status"] == Status.FINISHED]
    ended = ended.dropna(subset=["final", "identity"]).drop_duplicates(["cell", "seed"])
    if ended.empty:
        return []
    alike = ended[ended["identity"] == ended["identity"].mode()[0]]
    values = alike.pivot_table("final", "seed", "cell")
    names = contrast_names(frames.plan.contrasts)
    apart, skewed = [], []
    for contrast in frames.plan.contrasts:
        weights = pd.Series(contrast.weights, dtype=float)
        sums = [_sums(values, weights[keep]) for keep in (weights > 0, weights < 0)]
        if min(map(len, sums)) < EXACT:
            continue
        low, high = sorted(float(side.std()) for side in sums)
        if low > 0 and high >= APART * low:
            apart.append(names[contrast.name])
        if _skewed(_sums(values, weights).to_numpy(float)):
            skewed.append(names[contrast.name])
    return [*_unequal(apart), *_asymmetric(skewed)]


def _sums(values: pd.DataFrame, weights: "pd.Series[float]") -> "pd.Series[float]":
    """The weighted sum over cells, of each seed that has all of them."""
    return values.reindex(columns=weights.index).mul(weights).sum(axis=1, skipna=False).dropna()


def _skewed(differences: NDArray[np.floating]) -> bool:
    if len(differences) < TELLING or np.ptp(differences) == 0:
        return False
    return skewness_p(differences) < SURE


def skewness_p(values: NDArray[np.floating]) -> float:
    """Two-sided p that at least eight values are drawn from no skewed distribution.

    By D'Agostino's test (1970), as `scipy.stats.skewtest`, which is slow to import.
    """
    n, deviations = len(values), values - values.mean()
    skew = float((deviations**3).mean() / (deviations**2).mean() ** 1.5)
    y = skew * math.sqrt((n + 1) * (n + 3) / (6 * (n - 2)))
    spread = 3 * (n**2 + 27 * n - 70) * (n + 1) * (n + 3)
    kurtosis = spread / ((n - 2) * (n + 5) * (n + 7) * (n + 9))
    square = math.sqrt(2 * (kurtosis - 1)) - 1
    z = math.asinh(y * math.sqrt((square - 1) / 2)) / math.sqrt(math.log(square) / 2)
    return 2 * float(normal_above(abs(z)))


def _unequal(names: list[str]) -> list[str]:
    if not names:
        return []
    return [
        f"Unequal scatter: {show.listed(names)}: one side scatters at least {show.plain(APART)} "
        "times as much as the other. If that side is skewed, too, p of such a contrast is too "
        "small, for sign flips take differences to be symmetric."
    ]


def _asymmetric(names: list[str]) -> list[str]:
    if not names:
        return []
    return [
        f"Skewed differences: {show.listed(names)}. Sign flips take differences to be symmetric, "
        "so p of such a contrast may be too small."
    ]
