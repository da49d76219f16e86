"""Treatments of which only mean, standard deviation and count are known, as papers print them.

Within a block every two treatments are compared by Welch's t-test (Welch 1947), with the degrees of
freedom of Satterthwaite (1946); all pairs of all blocks are adjusted for one another by Holm.
"""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.analysis.frame import each_row
from harness.analysis.max_t import NONE, Array, holm, single_level
from harness.analysis.tails import t_above, t_quantile
from harness.analysis.verdicts import BETTER, INCONCLUSIVE, WORSE, disagreement, verdict

FLAT = "neither scatters, so nothing tells how certain the difference is"


class Spreads(NamedTuple):
    """Standard deviation and count behind each mean, as tables (blocks, treatments) like it."""

    sd: pd.DataFrame
    n: pd.DataFrame


class Differences(NamedTuple):
    """Differences of two means, one a row: (rows,); NaN where neither side scatters."""

    effect: Array
    error: Array  # standard error
    df: Array

    def interval(self, level: float) -> tuple[Array, Array]:
        """Two-sided (level 0.05: 95 %)."""
        half = t_quantile(1 - level / 2, self.df) * self.error
        return self.effect - half, self.effect + half

    @property
    def p(self) -> Array:
        """Two-sided."""
        return 2 * np.asarray(t_above(np.abs(self.effect) / self.error, self.df))


def differ(means: Array, sds: Array, counts: Array) -> Differences:
    """The first mean of each row less the second: all (rows, 2)."""
    largest = sds.max(1)
    flat = largest <= NONE * np.abs(means).max(1)
    unit = np.where(flat, np.nan, largest)
    parts = (sds / unit[:, np.newaxis]) ** 2 / counts  # relative, for a square may be no number
    whole = parts.sum(1)
    df: Array = whole**2 / (parts**2 / (counts - 1)).sum(1)
    return Differences(means[:, 0] - means[:, 1], unit * np.sqrt(whole), df)


def compare_within(
    table: pd.DataFrame, spreads: Spreads, alpha: float, lower: bool
) -> pd.DataFrame:
    """One row a block and pair of treatments that have a mean, deviation and count in it.

    `table` holds the means (blocks, treatments). Intervals hold for all rows at once (Šidák), and
    `better` says that a is. `lower`: smaller values win.
    """
    names = list(table.columns)
    means, sds, counts = (each[names].to_numpy(float) for each in (table, spreads.sd, spreads.n))
    known = np.isfinite(means) & np.isfinite(sds)
    rows = [
        (block, a, b)
        for block, present in enumerate(known)
        for a, b in combinations(np.flatnonzero(present), 2)
    ]
    picked = np.array(rows, int).reshape(-1, 3)
    at, sides = picked[:, 0], picked[:, 1:]
    entries = (at[:, np.newaxis], sides)
    apart = differ(means[entries], sds[entries], counts[entries])
    low, high = apart.interval(single_level(int(np.isfinite(apart.error).sum()), alpha))
    within = pd.DataFrame(
        {
            "block": table.index[at], "a": [names[a] for a in sides[:, 0]],
            "b": [names[b] for b in sides[:, 1]],
            "n_a": counts[entries][:, 0].astype(int), "n_b": counts[entries][:, 1].astype(int),
            "effect": apart.effect, "ci_low": low, "ci_high": high, "df": apart.df, "p": apart.p,
        }
    )  # fmt: skip
    within["p_adjusted"] = holm(within["p"])
    judged = [_judged(row, 1 if lower else -1, alpha) for row in each_row(within)]
    words = pd.DataFrame(judged, columns=["verdict", "reason"], index=within.index)
    return within.join(words)


def _judged(row: Any, sign: int, alpha: float) -> tuple[str, str]:
    if not math.isfinite(row.p_adjusted):
        return INCONCLUSIVE, FLAT
    word, _ = verdict(2, sign * row.effect, row.p_adjusted, alpha, False, False)
    return word, disagreement(word, row.ci_low, row.ci_high)


def places(treatments: Sequence[str], within: pd.DataFrame) -> dict[str, list[int]]:
    """The places that treatments may hold in one block, as `rank_low` and `rank_high`.

    From 1 + how many are better to all but those that are worse (Al Mohamad et al. 2022).
    """
    low = dict.fromkeys(treatments, 1)
    high = dict.fromkeys(treatments, len(treatments))
    for row in each_row(within):
        if row.verdict in (BETTER, WORSE):
            winner, loser = (row.a, row.b) if row.verdict == BETTER else (row.b, row.a)
            low[loser] += 1
            high[winner] -= 1
    return {"rank_low": list(low.values()), "rank_high": list(high.values())}
