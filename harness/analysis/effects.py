"""Contrasts, seed by seed: how large an effect is, how sure that is, and what it is called.

Every effect is a row of weights over cells (a tip: following +1, ignoring -1), so negative means
that KID falls, which helps. Verdicts come from single-step max-|t| from six seeds up, from Holm's
paired t below (statistics, section 5); what all contrasts have in common is in `max_t`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from harness.analysis import max_t
from harness.analysis.frame import Frames, each_row
from harness.analysis.max_t import Array
from harness.design.reach import EXACT
from harness.records import FINISHED

BETTER, WORSE, EQUIVALENT = "better", "worse", "equivalent"
INCONCLUSIVE, NOT_JUDGED = "inconclusive", "not judged"
MAX_T, HOLM = "max-|t|", "Holm"


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
    return Estimate(n, effect, sd, *max_t.interval(values, alpha), _p(effect, sd, n))


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


_NAMES = (
    *("contrast", "kind", "title", "design", "heuristic", "following", "ignoring"),
    *("identity", "planned", "diverged"),
)
_JUDGED = ("verdict", "reason", "verdict_finished")
_UNJUDGED = (NOT_JUDGED, "", NOT_JUDGED)


def primary(seeds: int) -> str:
    """The test that verdicts come from, by the number of seeds that were planned."""
    return MAX_T if seeds >= EXACT else HOLM


def effects(frames: Frames) -> pd.DataFrame:
    """One row a contrast of the plan, in its order: estimate, adjusted p and verdict.

    `low` and `high` are the simultaneous interval, `t_low` and `t_high` that of the contrast alone;
    `p_adjusted` is that of the primary test. Columns in `_finished` say the same of the seeds where
    no side diverged (statistics, section 1); where that makes another verdict, the row's is
    inconclusive, with the reason.
    """
    plan, trials = frames.plan, frames.trials
    alpha, seeds = float(plan["alpha"]), list(plan["seeds"])
    exact = primary(len(seeds)) == MAX_T
    own = [differences(trials, contrast["weights"]) for contrast in plan["contrasts"]]
    rows = [_named(trials, *pair) for pair in zip(plan["contrasts"], own, strict=True)]
    table = pd.DataFrame(rows, columns=list(_NAMES))
    every, finished = (_matrix(own, seeds, only) for only in (False, True))
    table = table.join(estimates(every, alpha, exact))
    table = table.join(estimates(finished, alpha, exact).add_suffix("_finished"))
    margins = [margin(frames, row.identity) for row in each_row(table)]
    table = table.join(_equivalence(every, margins, alpha))
    evidence = bool(plan["evidence"])
    judged = [_judge(row, alpha, exact) if evidence else _UNJUDGED for row in each_row(table)]
    return table.join(pd.DataFrame(judged, columns=list(_JUDGED), index=table.index))


def _named(
    trials: pd.DataFrame, contrast: Mapping[str, Any], seeds: pd.DataFrame
) -> dict[str, Any]:
    planned = trials.loc[trials["cell"].isin(list(contrast["weights"])), "seed"].nunique()
    return {
        "contrast": contrast["name"],
        **{name: contrast[name] for name in _NAMES[1:7]},
        "identity": seeds["identity"].iloc[0] if len(seeds) else None,
        "planned": planned,
        "diverged": int(seeds["diverged"].sum()),
    }


def matrix(frames: Frames, finished: bool) -> Array:
    """Differences (seeds, contrasts) in the plan's orders, NaN where a seed has no value.

    `finished`: of the seeds where no side diverged only.
    """
    own = [differences(frames.trials, each["weights"]) for each in frames.plan["contrasts"]]
    return _matrix(own, list(frames.plan["seeds"]), finished)


def _matrix(own: Sequence[pd.DataFrame], seeds: Sequence[int], finished: bool) -> Array:
    columns = []
    for table in own:
        kept = table[table["finished"]] if finished else table
        columns.append(kept.set_index("seed")["difference"].reindex(list(seeds)).to_numpy(float))
    return np.column_stack(columns) if columns else np.empty((len(seeds), 0))


def estimates(D: Array, alpha: float, exact: bool) -> pd.DataFrame:
    """Estimates, intervals and every kind of p of differences (seeds, contrasts)."""
    present = [column[np.isfinite(column)] for column in D.T]
    alone = [estimate(pd.Series(values), alpha) for values in present]
    table = pd.DataFrame(alone, columns=list(Estimate._fields))
    table = table.rename(columns={"low": "t_low", "high": "t_high"})
    level = max_t.single_level(_estimated(D), alpha)
    joint = [max_t.interval(values, level) for values in present]
    table[["low", "high"]] = np.array(joint, float).reshape(-1, 2)
    enough = np.isfinite(D).sum(0) >= EXACT
    table["p_max_t"] = max_t.adjusted(np.where(enough, D, np.nan))
    table["p_holm"] = holm(table["p"].astype(float))
    table["p_adjusted"] = table["p_max_t" if exact else "p_holm"]
    wins = [proportion(int((values < 0).sum()), len(values)) for values in present]
    return table.join(pd.DataFrame(wins, columns=["wins", "wins_low", "wins_high"]))


def _estimated(D: Array) -> int:
    """How many contrasts have an interval."""
    return int((np.isfinite(D).sum(0) > 1).sum())


def proportion(count: int, of: int) -> tuple[float, float, float]:
    """A share with its exact 95 % interval (Clopper & Pearson 1934); NaN of none."""
    if not of:
        return math.nan, math.nan, math.nan
    span = stats.binomtest(count, of).proportion_ci(0.95, method="exact")
    return count / of, float(span.low), float(span.high)


def margin(frames: Frames, identity: str | None) -> float:
    """Half-width of the declared region of equivalence; NaN where the reference has no value."""
    trials = frames.trials
    reference = trials[
        (trials["cell"] == frames.plan["reference"])
        & (trials["identity"] == identity)
        & (trials["status"] == FINISHED)
    ]
    return abs(float(reference["final"].mean())) * float(frames.plan["equivalence"])


def _equivalence(D: Array, margins: Sequence[float], alpha: float) -> pd.DataFrame:
    """Whether the simultaneous interval at 1 - 2 alpha lies in the region, and TOST's own p."""
    level = max_t.single_level(_estimated(D), 2 * alpha)
    rows = []
    for column, half in zip(D.T, margins, strict=True):
        values = column[np.isfinite(column)]
        low, high = max_t.interval(values, level)
        known = len(values) > 1 and values.std() > 0 and math.isfinite(half)
        p = DescrStatsW(values).ttost_mean(-half, half)[0] if known else math.nan
        rows.append((half, float(p), bool(-half <= low and high <= half)))
    return pd.DataFrame(rows, columns=["margin", "p_equivalence", "equivalent"])


def _judge(row: Any, alpha: float, exact: bool) -> tuple[str, str, str]:
    """Verdict, reason, and the verdict over the finished seeds alone.

    Adjusting over the finished seeds may move contrasts of which no trial diverged; their numbers
    are the same in both, and so is what they are called.
    """
    found, reason = verdict(row.n, row.effect, row.p_adjusted, alpha, row.equivalent, exact)
    if not row.diverged:
        return found, reason or _disagreement(row, found), found
    finished = (row.n_finished, row.effect_finished, row.p_adjusted_finished)
    without, _ = verdict(*finished, alpha, False, exact)
    if without == found:
        return found, reason or _disagreement(row, found), without
    count = "diverged trial" if row.diverged == 1 else f"{row.diverged} diverged trials"
    return INCONCLUSIVE, f"{found} with the {count}, {without} without", without


def _disagreement(row: Any, found: str) -> str:
    """Where test and interval do not say the same: one is exact, the other parametric."""
    outside = bool(row.low > 0 or row.high < 0)
    if found in (BETTER, WORSE) and not outside:
        return "by the test; the interval includes zero"
    if found == INCONCLUSIVE and outside:
        return "by the test; the interval leaves out zero"
    return ""


def holm(p: "pd.Series[float]") -> "pd.Series[float]":
    """Holm's adjusted p over all contrasts of the study that have one.

    Ours, for statsmodels' own collects garbage at every call, which takes a tenth of a second.
    """
    known = p.dropna().sort_values()
    steps = known * np.arange(len(known), 0, -1)
    return steps.cummax().clip(upper=1.0).reindex(p.index)


def verdict(
    n: int, effect: float, p_adjusted: float, alpha: float, equivalent: bool, exact: bool
) -> tuple[str, str]:
    """The verdict by the adjusted p, and the reason where there can be none.

    `equivalent` counts where the p tells no difference; `exact` says that the test is one that
    needs six seeds.
    """
    if n < 2:
        return INCONCLUSIVE, f"n = {n}"
    if exact and n < EXACT:
        return INCONCLUSIVE, f"n = {n}: the exact test needs {EXACT} seeds"
    if p_adjusted > alpha:
        return (EQUIVALENT if equivalent else INCONCLUSIVE), ""
    return (BETTER if effect < 0 else WORSE), ""
