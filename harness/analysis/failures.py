"""Failures as an outcome: their count, rates of cells, and pairs by seed."""

import math
from collections.abc import Collection
from typing import Any

import pandas as pd

from harness.analysis.effects import BETTER, INCONCLUSIVE, WORSE, holm, proportion
from harness.analysis.frame import Frames, each_row
from harness.analysis.learning import collapsed
from harness.analysis.tails import sign_test
from harness.runs.outcomes import Outcomes
from harness.runs.plan import ContrastRecord
from harness.runs.status import Status


def outcomes(trials: pd.DataFrame) -> Outcomes:
    """How the trials of a frame ended."""
    return Outcomes.of((Status(row.status), str(row.flags).split()) for row in each_row(trials))


def ended(trials: pd.DataFrame) -> pd.DataFrame:
    """Trials that ended by themselves, with `diverged`, `collapsed` and `failed` (either)."""
    done = trials[trials["status"].isin([Status.FINISHED, Status.DIVERGED])]
    diverged = done["status"] == Status.DIVERGED
    fallen = collapsed(done) & ~diverged
    return done.assign(diverged=diverged, collapsed=fallen, failed=diverged | fallen)


def failure_rates(frames: Frames) -> pd.DataFrame:
    """One row a cell: how many ended and how, and the share that failed with its exact interval."""
    known = ended(frames.trials)
    rows = []
    for cell in frames.plan.cells:
        of_cell = known[known["cell"] == cell.label]
        failed = int(of_cell["failed"].sum())
        rate, low, high = proportion(failed, len(of_cell))
        counts = {name: int(of_cell[name].sum()) for name in ("diverged", "collapsed", "failed")}
        rows.append({"cell": cell.label, "ended": len(of_cell), **counts,
                     "rate": rate, "low": low, "high": high})  # fmt: skip
    return pd.DataFrame(rows)


def failure_effects(frames: Frames, family: Collection[str]) -> pd.DataFrame:
    """One row a contrast of the family: seeds where one side failed alone, and McNemar's exact p.

    `p_adjusted` is Holm's over the family, whose members have two cells; `verdict`, by it, says
    whether following fails less (better) or more (worse) often.
    """
    failed = ended(frames.trials).drop_duplicates(["cell", "seed"])
    failures = failed.pivot_table("failed", "seed", "cell", aggfunc="first")
    alpha = frames.plan.alpha
    rows = [
        {"contrast": contrast.name, **_compare(failures, contrast)}
        for contrast in frames.plan.contrasts
        if contrast.name in family
    ]
    table = pd.DataFrame(rows, columns=["contrast", "n", "following", "ignoring", "p"])
    table["p_adjusted"] = holm(table["p"].astype(float))
    table["verdict"] = [_verdict(row, alpha) for row in each_row(table)]
    return table


def _compare(failed: pd.DataFrame, contrast: ContrastRecord) -> dict[str, Any]:
    sides = [contrast.following, contrast.ignoring]
    if set(sides) != set(contrast.weights) or not set(sides) <= set(failed.columns):
        return {"n": 0, "following": 0, "ignoring": 0, "p": math.nan}
    pairs = failed[sides].dropna().astype(bool)
    following = int((pairs[sides[0]] & ~pairs[sides[1]]).sum())
    ignoring = int((~pairs[sides[0]] & pairs[sides[1]]).sum())
    apart = following + ignoring
    p = sign_test(following, apart) if apart else 1.0
    return {"n": len(pairs), "following": following, "ignoring": ignoring, "p": p}


def _verdict(row: Any, alpha: float) -> str:
    if not row.p_adjusted <= alpha:
        return INCONCLUSIVE
    return BETTER if row.following < row.ignoring else WORSE
