"""Contrasts, seed by seed: how large an effect is, how sure that is, and what it is called.

Every effect is a row of weights over cells (a tip: following +1, ignoring -1), so negative means
that KID falls, which helps. Verdicts come from step-down max-|t| from six seeds up, from Holm's
paired t below (statistics, section 5); what all contrasts have in common is in `max_t`, and what
a row is called in `verdicts`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.analysis import closed, learning, max_t
from harness.analysis.equivalence import assess_equivalence, margin, resolution
from harness.analysis.frame import Scores, each_row
from harness.analysis.max_t import Array, holm
from harness.analysis.paired import differences
from harness.analysis.tails import binomial_interval, t_above
from harness.analysis.verdicts import (
    BETTER,
    EQUIVALENT,
    INCONCLUSIVE,
    NOT_JUDGED,
    WORSE,
    Rules,
    Words,
    by_count,
    judge,
    reason,
    verdict,
)
from harness.plan.reach import EXACT
from harness.runs.plan import ContrastRecord, PlanRecord
from harness.runs.status import Status

__all__ = [
    "BETTER",
    "EQUIVALENT",
    "HOLM",
    "INCONCLUSIVE",
    "MAX_T",
    "NOT_JUDGED",
    "WORSE",
    "Estimate",
    "differences",
    "estimate",
    "estimate_effects",
    "estimates",
    "holm",
    "margin",
    "matrix",
    "primary",
    "proportion",
    "seen",
    "verdict",
]

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
    if sd <= max_t.NONE * abs(effect):  # equal differences: t has no tail, signs have
        return 2.0 ** (1 - n) if effect else 1.0
    return float(2 * t_above(abs(effect) / (sd / math.sqrt(n)), n - 1))


_NAMES = (
    *("contrast", "kind", "title", "design", "heuristic", "following", "ignoring"),
    *("identity", "planned", "diverged", "diverged_following", "diverged_ignoring"),
    *("diverged_alone", "unlearnt_following", "unlearnt_ignoring"),
)
_JUDGED = ("verdict", "reason", "verdict_finished")


def primary(seeds: int) -> str:
    """The test that verdicts come from, by the number of seeds that were planned."""
    return MAX_T if seeds >= EXACT else HOLM


def estimate_effects(frames: Scores) -> pd.DataFrame:
    """One row a contrast of the plan, in its order: estimate, adjusted p and verdict.

    `low` and `high` are the simultaneous interval, `t_low` and `t_high` that of the contrast alone;
    `p_adjusted` is that of the primary test. Columns in `_finished` say the same of the seeds where
    no side diverged, and `diverged_following`, `diverged_ignoring` in how many a side did, of which
    `diverged_alone` says whether it is all, and of one side. `unlearnt_…` is why a side has learnt
    nothing (statistics, "What is judged"); empty: it has.
    """
    plan, trials = frames.plan, frames.trials
    alpha, seeds = plan.alpha, list(plan.seeds)
    exact = primary(len(seeds)) == MAX_T
    by_seed = seen(frames)
    rows = [_named(trials, *pair) for pair in zip(plan.contrasts, by_seed, strict=True)]
    table = pd.DataFrame(rows, columns=list(_NAMES))
    every, finished = (_matrix(by_seed, seeds, only) for only in (False, True))
    table = table.join(estimates(every, alpha, exact, np.isfinite(every) & ~np.isfinite(finished)))
    if not exact:  # a paired t of failure values would take their lack of scatter for sureness
        lost = table["diverged_alone"]
        table.loc[lost, "p_adjusted"] = [by_count(n, len(table)) for n in table.loc[lost, "n"]]
    table = table.join(estimates(finished, alpha, exact).add_suffix("_finished"))
    margins = [margin(frames, row.identity) for row in each_row(table)]
    reached = np.array([not each["censored"].any() for each in by_seed], bool)
    known = np.array(margins, float) - resolution(frames)
    table = table.join(assess_equivalence(every, known, reached, alpha)).assign(margin=margins)
    reference = learning.of_reference(plan, trials)
    rules = Rules(alpha, exact, plan.evidence, len(table), reference, *_decided(plan))
    judged = [judge(row, rules) for row in each_row(table)]
    table = table.join(pd.DataFrame(judged, columns=list(_JUDGED), index=table.index))
    halves = np.where(reached, known, np.nan)
    if plan.looks:
        table = closed.repeated(table, plan.looks)
        halves = table["margin"].to_numpy()
    pairs = zip(each_row(table), halves, strict=True)
    return table.assign(reason=[reason(row, half, bool(plan.looks)) for row, half in pairs])


def _decided(plan: PlanRecord) -> tuple[Mapping[str, Words], int] | tuple[()]:
    """Of a sequential run: what its looks have decided, and the seeds of the first."""
    return (closed.verdicts(plan.looks), plan.looks.planned[0]) if plan.looks else ()


def seen(frames: Scores) -> list[pd.DataFrame]:
    """`differences` of each contrast of the plan; of a sequential run as its looks saw them."""
    looks = frames.plan.looks
    tables = {one.name: differences(frames.trials, one.weights) for one in frames.plan.contrasts}
    return [closed.frozen(looks, *pair) if looks else pair[1] for pair in tables.items()]


def _named(trials: pd.DataFrame, contrast: ContrastRecord, seeds: pd.DataFrame) -> dict[str, Any]:
    of_contrast = trials[trials["cell"].isin(list(contrast.weights))]
    identity = seeds["identity"].iloc[0] if len(seeds) else None
    if identity is None:  # no seed has both sides yet
        same = of_contrast
    else:  # a trial that diverged before it was scored has no identity, and counts
        lost = (of_contrast["status"] == Status.DIVERGED) & of_contrast["identity"].isna()
        same = of_contrast[(of_contrast["identity"] == identity) | lost]
    following, ignoring = learning.sides(same, contrast.weights)
    return {
        "contrast": contrast.name,
        **{name: getattr(contrast, name) for name in _NAMES[1:7]},
        "identity": identity,
        "planned": of_contrast["seed"].nunique(),
        "diverged": int(seeds["diverged"].sum()),
        "diverged_following": int(seeds["diverged_following"].sum()),
        "diverged_ignoring": int(seeds["diverged_ignoring"].sum()),
        "diverged_alone": _one_side_alone(seeds),
        "unlearnt_following": following,
        "unlearnt_ignoring": ignoring,
    }


def _one_side_alone(seeds: pd.DataFrame) -> bool:
    """Whether one and the same side diverged in every seed, and the other in none."""
    sides = seeds[["diverged_following", "diverged_ignoring"]]
    return bool(len(seeds) and seeds["diverged_alone"].all() and sides.any().sum() == 1)


def matrix(frames: Scores, finished: bool) -> Array:
    """Differences (seeds, contrasts) in the plan's orders, NaN where a seed has no value.

    `finished`: of the seeds where no side diverged only. Of a sequential run: up to its first look,
    which all contrasts share, and before which nothing was chosen by the data.
    """
    plan = frames.plan
    seeds = plan.looks.seeds[: plan.looks.planned[0]] if plan.looks else plan.seeds
    return _matrix(seen(frames), list(seeds), finished)


def _matrix(by_seed: Sequence[pd.DataFrame], seeds: Sequence[int], finished: bool) -> Array:
    columns = []
    for table in by_seed:
        kept = table[table["finished"]] if finished else table
        columns.append(kept.set_index("seed")["difference"].reindex(list(seeds)).to_numpy(float))
    return np.column_stack(columns) if columns else np.empty((len(seeds), 0))


def estimates(
    D: Array, alpha: float, exact: bool, failed: NDArray[np.bool_] | None = None
) -> pd.DataFrame:
    """Estimates, intervals and every kind of p of differences (seeds, contrasts).

    `failed`: which of them hold the failure value of a trial that diverged. An error where a
    difference is infinite.
    """
    present = [column[np.isfinite(column)] for column in max_t.checked(D).T]
    alone = [estimate(pd.Series(values), alpha) for values in present]
    table = pd.DataFrame(alone, columns=list(Estimate._fields))
    table = table.rename(columns={"low": "t_low", "high": "t_high"})
    level = max_t.single_level(_estimated(D), alpha)
    joint = [max_t.interval(values, level) for values in present]
    table[["low", "high"]] = np.array(joint, float).reshape(-1, 2)
    table["p_max_t"] = _exact(D, failed)
    table["p_holm"] = holm(table["p"].astype(float))
    table["p_adjusted"] = table["p_max_t" if exact else "p_holm"]
    wins = [proportion(int((values < 0).sum()), len(values)) for values in present]
    return table.join(pd.DataFrame(wins, columns=["wins", "wins_low", "wins_high"]))


def _exact(D: Array, failed: NDArray[np.bool_] | None) -> Array:
    """p by sign flips; a divergence does not weaken the effect that it supports by its sign.

    A failure value lies far from all others, and an outlier makes |t| small, even where it points
    the same way. So in the test it weighs no more than the largest other difference: that depends
    on sizes alone, which no flip changes, so the test remains exact. Where any failure points the
    other way, the larger of the two p counts.
    """
    enough = np.where(np.isfinite(D).sum(0) >= EXACT, D, np.nan)
    p = max_t.adjusted(enough)
    if failed is None or not failed.any():
        return p
    capped = enough.copy()
    for place in np.flatnonzero(failed.any(0)):
        column, lost = enough[:, place], failed[:, place]
        most = np.abs(column[np.isfinite(column) & ~lost]).max(initial=0.0)
        if most > 0:
            capped[:, place] = np.where(lost, np.clip(column, -most, most), column)
    means = np.where(np.isfinite(capped), capped, 0).sum(0)
    against = (failed & np.isfinite(enough) & (np.sign(D) * np.sign(means) < 0)).any(0)
    lighter = max_t.adjusted(capped)
    p_values: Array = np.where(against, np.maximum(p, lighter), lighter)
    return p_values


def _estimated(D: Array) -> int:
    """How many contrasts have an interval."""
    return int((np.isfinite(D).sum(0) > 1).sum())


def proportion(count: int, total: int) -> tuple[float, float, float]:
    """A share with its exact 95 % interval; NaN of none."""
    if not total:
        return math.nan, math.nan, math.nan
    return count / total, *binomial_interval(count, total)
