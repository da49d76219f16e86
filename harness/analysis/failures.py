"""Divergence and collapse as outcomes of their own: rates of cells, and pairs by seed."""

import math
from typing import Any

import pandas as pd
from scipy import stats

from harness.analysis.effects import BETTER, INCONCLUSIVE, WORSE, proportion
from harness.analysis.frame import Frames, each_row
from harness.records import DIVERGED, FINISHED

COLLAPSED = "collapsed"  # the flag


def outcomes(trials: pd.DataFrame) -> pd.DataFrame:
    """Trials that ended by themselves, with `diverged`, `collapsed` and `failed` (either)."""
    ended = trials[trials["status"].isin([FINISHED, DIVERGED])]
    diverged = ended["status"] == DIVERGED
    collapsed = ended["flags"].map(lambda flags: COLLAPSED in str(flags).split()).astype(bool)
    return ended.assign(diverged=diverged, collapsed=collapsed, failed=diverged | collapsed)


def failure_rates(frames: Frames) -> pd.DataFrame:
    """One row a cell: how many ended and how, and the share that failed with its exact interval."""
    ended = outcomes(frames.trials)
    rows = []
    for cell in frames.plan["cells"]:
        own = ended[ended["cell"] == cell["label"]]
        failed = int(own["failed"].sum())
        rate, low, high = proportion(failed, len(own))
        counts = {name: int(own[name].sum()) for name in ("diverged", "collapsed", "failed")}
        rows.append({"cell": cell["label"], "ended": len(own), **counts,
                     "rate": rate, "low": low, "high": high})  # fmt: skip
    return pd.DataFrame(rows)


def failure_effects(frames: Frames) -> pd.DataFrame:
    """One row a contrast of two cells: seeds where one side failed alone, and McNemar's exact p.

    `verdict` says whether following fails less (better) or more (worse) often.
    """
    failed = outcomes(frames.trials).drop_duplicates(["cell", "seed"])
    table = failed.pivot_table("failed", "seed", "cell", aggfunc="first")
    alpha = float(frames.plan["alpha"])
    rows = [
        {"contrast": contrast["name"], **_compare(table, contrast, alpha)}
        for contrast in frames.plan["contrasts"]
    ]
    return pd.DataFrame(rows, columns=["contrast", "n", "following", "ignoring", "p", "verdict"])


def _compare(failed: pd.DataFrame, contrast: Any, alpha: float) -> dict[str, Any]:
    sides = [contrast["following"], contrast["ignoring"]]
    if set(sides) != set(contrast["weights"]) or not set(sides) <= set(failed.columns):
        return {"n": 0, "following": 0, "ignoring": 0, "p": math.nan, "verdict": INCONCLUSIVE}
    pairs = failed[sides].dropna().astype(bool)
    following = int((pairs[sides[0]] & ~pairs[sides[1]]).sum())
    ignoring = int((~pairs[sides[0]] & pairs[sides[1]]).sum())
    apart = following + ignoring
    p = float(stats.binomtest(following, apart, 0.5).pvalue) if apart else 1.0
    found = INCONCLUSIVE if p > alpha else BETTER if following < ignoring else WORSE
    return {"n": len(pairs), "following": following, "ignoring": ignoring, "p": p, "verdict": found}


def failed_cells(rates: pd.DataFrame) -> list[str]:
    """The cells in which any trial failed."""
    return [str(row.cell) for row in each_row(rates) if row.failed]
