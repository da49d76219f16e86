"""The same statistics for results from elsewhere: every treatment against every other, by block."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from harness.analysis.adjusted import adjusted_means, groups, mean
from harness.analysis.effects import MAX_T, estimates, primary, verdict
from harness.analysis.frame import each_row
from harness.analysis.max_t import Array
from harness.analysis.ranks import rank_intervals
from harness.analysis.results import listed
from harness.analysis.verdicts import Words, disagreement
from harness.core.errors import HarnessError
from harness.plan.reach import EXACT

PAIRS = ("a", "b", "n", "effect", "ci_low", "ci_high", "p", "p_adjusted", "verdict", "reason")


def rank(table: pd.DataFrame, alpha: float, lower: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The treatments, best first, with the places they may hold; and every pair (a before b).

    `table` is (blocks, treatments), NaN where a pair has no value. Treatments are ordered by
    `adjusted`, their means adjusted for blocks; those that no shared block joins are in different
    `group`s, and follow each other group by group. Effects are a - b by block, with intervals and p
    for all pairs at once: exact sign flips from six blocks up, Holm's paired t below. `better` says
    that a is. `lower`: smaller values win.
    Six blocks, that is, which some pair has in common; places are those within a group.
    """
    if np.isinf(table.to_numpy(float)).any():
        raise HarnessError("a table with infinite values cannot be ranked")
    values = table.to_numpy(float) * (1 if lower else -1)
    means, joined = adjusted_means(table.to_numpy(float)), groups(values)
    order = np.lexsort((means * (1 if lower else -1), joined))
    table, values = table.iloc[:, order], values[:, order]
    exact = primary(_shared(values)) == MAX_T
    low, high = rank_intervals(values, alpha, exact)
    sizes = np.bincount(joined)[joined[order]]
    treatments = pd.DataFrame(
        {
            "treatment": table.columns,
            "n": table.notna().sum().to_numpy(),
            "mean": [mean(column.dropna().to_numpy(float)) for _, column in table.items()],
            "sd": (table - table.min()).std().to_numpy(),  # of equal values exactly 0
            "adjusted": means[order],
            "rank_low": low,
            # no place among what is ranked apart
            "rank_high": np.array(high) - len(order) + sizes,
            "group": joined[order] + 1,
        }
    )
    return treatments, _pairs(table, alpha, lower, exact)


def _shared(values: Array) -> int:
    """The most blocks that any two treatments have in common."""
    present = np.isfinite(values).astype(int)
    common = present.T @ present
    return int(np.triu(common, 1).max(initial=0))


def _pairs(table: pd.DataFrame, alpha: float, lower: bool, exact: bool) -> pd.DataFrame:
    names = list(combinations(table.columns, 2))
    D = np.column_stack([(table[a] - table[b]).to_numpy(float) for a, b in names])
    estimated = estimates(D, alpha, exact)
    sign = 1 if lower else -1
    verdicts = [_judged(row, sign, alpha, exact) for row in each_row(estimated)]
    estimated = estimated.rename(columns={"low": "ci_low", "high": "ci_high"})
    named = pd.DataFrame(names, columns=["a", "b"])
    judged = pd.DataFrame(verdicts, columns=["verdict", "reason"])
    return named.join(estimated).join(judged)[list(PAIRS)]


def _judged(row: Any, sign: int, alpha: float, exact: bool) -> Words:
    word, reason = verdict(row.n, sign * row.effect, row.p_adjusted, alpha, False, exact)
    return word, reason or disagreement(word, row.low, row.high)


def test_of(table: pd.DataFrame) -> str:
    """The test that verdicts on pairs of a table (blocks, treatments) come from, in words."""
    if primary(_shared(table.to_numpy(float))) == MAX_T:
        return "by sign flips of blocks"
    return (
        f"by paired t-tests, which take differences to be normal (with fewer than {EXACT} blocks "
        "in common no exact test can decide)"
    )


def uneven(table: pd.DataFrame, treatments: pd.DataFrame, block: str) -> list[str]:
    """Caveats of a ranking (as `rank` gives it) where not each treatment is in each block."""
    present = table.notna()
    if present.to_numpy().all():
        return []
    ranked = list(each_row(treatments))
    counts = listed([f"{row.treatment} {row.n}" for row in ranked])
    apart = treatments.groupby("group")["treatment"].agg(list)
    alone = [names[0] for names in apart if len(names) == 1]
    ordered = len(alone) < len(apart)
    order = ", and the order is that of means adjusted for blocks" if ordered else ""
    notes = [
        f"not every treatment has a value in each of the {len(table)} blocks ({block}): {counts}; "
        f"so plain means do not compare{order}"
    ]
    if alone and len(apart) > 1:
        notes.append(f"no {block} in common with any other, so not comparable: {listed(alone)}")
    joined = [listed(names) for names in apart if len(names) > 1]
    if len(joined) > 1:
        notes.append(_unjoined(joined, block))
    return notes


def _unjoined(joined: Sequence[str], block: str) -> str:
    return f"no {block} joins these groups, which are ranked apart: {'; '.join(joined)}"
