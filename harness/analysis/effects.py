"""Contrasts, seed by seed: how large an effect is, how sure that is, and what it is called.

Every effect is a row of weights over cells (a tip: following +1, ignoring -1), so negative means
that KID falls, which helps. The tests that need more than a paired t (max-|t|, equivalence,
simultaneous intervals) take the same differences and belong beside `estimate`.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from harness.analysis.frame import Frames, each_row
from harness.records import FINISHED

BETTER, WORSE, INCONCLUSIVE, NOT_JUDGED = "better", "worse", "inconclusive", "not judged"


class Estimate(NamedTuple):
    """A mean paired difference with its two-sided t-interval and p; NaN where n is too small."""

    n: int
    effect: float
    sd: float
    low: float
    high: float
    p: float


def estimate(differences: "pd.Series[float]", alpha: float) -> Estimate:
    """Mean, standard deviation, t-interval and paired-t p of one difference a seed."""
    values = differences.to_numpy(float)
    n = len(values)
    effect = float(values.mean()) if n else math.nan
    if n < 2:
        return Estimate(n, effect, *[math.nan] * 4)
    sd = float(values.std(ddof=1))
    half = float(stats.t.ppf(1 - alpha / 2, n - 1)) * sd / math.sqrt(n)
    return Estimate(n, effect, sd, effect - half, effect + half, _p(effect, sd, n))


def _p(effect: float, sd: float, n: int) -> float:
    if sd == 0:  # equal differences: none at all, or beyond doubt
        return 0.0 if effect else 1.0
    return float(2 * stats.t.sf(abs(effect) / (sd / math.sqrt(n)), n - 1))


def differences(trials: pd.DataFrame, weights: Mapping[str, float]) -> pd.DataFrame:
    """One row a seed whose cells all have a value of the same metric identity.

    Columns: seed, identity, difference, finished (no side diverged), diverged (how many sides).
    Values of different identity never meet; where seeds differ in it, the most frequent one counts.
    """
    part = trials[trials["cell"].isin(list(weights))].dropna(subset=["final", "identity"])
    part = part.drop_duplicates(["cell", "seed"])
    part = part.assign(
        weighted=part["final"] * part["cell"].map(weights).astype(float),
        failed=part["status"] != FINISHED,
    )
    seeds = part.groupby(["seed", "identity"]).agg(
        difference=("weighted", "sum"), cells=("cell", "nunique"), diverged=("failed", "sum")
    )
    seeds = seeds[seeds["cells"] == len(weights)].reset_index().drop(columns="cells")
    if not seeds.empty:
        seeds = seeds[seeds["identity"] == seeds["identity"].mode()[0]].reset_index(drop=True)
    return seeds.assign(finished=seeds["diverged"] == 0)


def effects(frames: Frames) -> pd.DataFrame:
    """One row a contrast of the plan, in its order: estimate, adjusted p (Holm) and verdict.

    The columns in `_finished` say the same of the seeds where no side diverged (statistics,
    section 1); where that makes another verdict, the row's is inconclusive, with the reason.
    """
    alpha = float(frames.plan["alpha"])
    rows = [_effect(frames.trials, contrast, alpha) for contrast in frames.plan["contrasts"]]
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    for which in ("", "_finished"):
        table[f"p_adjusted{which}"] = holm(table[f"p{which}"].astype(float))
    evidence = bool(frames.plan["evidence"])
    judged = [_judge(row, alpha) if evidence else _UNJUDGED for row in each_row(table)]
    return table.join(pd.DataFrame(judged, columns=list(_JUDGED), index=table.index))


_ESTIMATE = ("n", "effect", "sd", "low", "high", "p")
_COLUMNS = (
    *("contrast", "kind", "title", "design", "heuristic", "following", "ignoring", "identity"),
    *("planned", *_ESTIMATE, "diverged", *(f"{name}_finished" for name in _ESTIMATE)),
)
_JUDGED = ("verdict", "reason", "verdict_finished")
_UNJUDGED = (NOT_JUDGED, "", NOT_JUDGED)


def _effect(trials: pd.DataFrame, contrast: Mapping[str, Any], alpha: float) -> dict[str, Any]:
    weights = contrast["weights"]
    seeds = differences(trials, weights)
    without = estimate(seeds.loc[seeds["finished"], "difference"], alpha)
    return {
        "contrast": contrast["name"],
        **{name: contrast[name] for name in _COLUMNS[1:7]},
        "identity": seeds["identity"].iloc[0] if len(seeds) else None,
        "planned": trials.loc[trials["cell"].isin(list(weights)), "seed"].nunique(),
        **estimate(seeds["difference"], alpha)._asdict(),
        "diverged": int(seeds["diverged"].sum()),
        **{f"{name}_finished": value for name, value in without._asdict().items()},
    }


def _judge(row: Any, alpha: float) -> tuple[str, str, str]:
    """Verdict, reason, and the verdict over the finished seeds alone.

    Holm's adjustment over the finished seeds may move contrasts of which no trial diverged; their
    numbers are the same in both, and so is what they are called.
    """
    found, reason = verdict(row.n, row.effect, row.p_adjusted, alpha)
    if not row.diverged:
        return found, reason, found
    without, _ = verdict(row.n_finished, row.effect_finished, row.p_adjusted_finished, alpha)
    if without == found:
        return found, reason, without
    trials = "diverged trial" if row.diverged == 1 else f"{row.diverged} diverged trials"
    return INCONCLUSIVE, f"{found} with the {trials}, {without} without", without


def holm(p: "pd.Series[float]") -> "pd.Series[float]":
    """Holm's adjusted p over all contrasts of the study that have one."""
    adjusted = pd.Series(np.nan, index=p.index, dtype=float)
    known = p.notna()
    if known.any():
        adjusted[known] = multipletests(p[known], method="holm")[1]
    return adjusted


def verdict(n: int, effect: float, p_adjusted: float, alpha: float) -> tuple[str, str]:
    """The verdict by the adjusted p alone, and the reason where there can be none."""
    if n < 2:
        return INCONCLUSIVE, f"n = {n}"
    if p_adjusted > alpha:
        return INCONCLUSIVE, ""
    return (BETTER if effect < 0 else WORSE), ""
