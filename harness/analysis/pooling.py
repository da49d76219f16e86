"""One estimate a tip over runs on several data sets or sizes.

An effect of a run is a share of what its reference has learnt (untrained less final, as its
objective measures it), so that sets with other scales of KID are comparable. Shares are combined by
a random-effects model (`random_effects`); tips are adjusted for one another by Holm.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.analysis import max_t
from harness.analysis.closed import frozen
from harness.analysis.effects import differences, holm
from harness.analysis.equivalence import learnt
from harness.analysis.frame import Frames, each_row
from harness.analysis.poolable import cautions, name_set, obstacle, obstacles
from harness.analysis.random_effects import RandomEffects, combine
from harness.analysis.ranked import contrast_titles
from harness.analysis.tails import t_quantile
from harness.analysis.verdicts import disagreement, verdict
from harness.core.errors import HarnessError

TIP_COLUMNS = (
    *("contrast", "title", "sets", "effect", "error", "low", "high", "t_low", "t_high"),
    *("predicted_low", "predicted_high", "sd_between", "i_squared", "q", "p_q", "p", "p_adjusted"),
    *("verdict", "reason"),
)
SET_COLUMNS = (
    *("contrast", "title", "run", "set", "n", "effect", "error", "low", "high"),
    *("interval", "weight", "learnt"),
)
ALONE, REPEATED, NONE = "alone", "repeated", "none"  # kinds of intervals of sets
LEFT_OUT = ("contrast", "title", "reason")


class Pool(NamedTuple):
    """Pooled estimates as shares of what each run's reference has learnt; negative helps.

    Of tips, `low` and `high` hold for all at once, `t_low` and `t_high` for one row alone, and so
    does the prediction interval; `sd_between` is the standard deviation of true effects between
    sets. Of sets, they are what `interval` says: the t-interval of the row alone, the repeated
    interval of a sequential run, or NaN where no look of it gives one.
    """

    tips: pd.DataFrame  # one row a tip, in the order of the effects: TIP_COLUMNS
    sets: pd.DataFrame  # one row a tip and run: SET_COLUMNS
    left_out: pd.DataFrame  # tips that two runs or more have and that cannot be pooled: LEFT_OUT
    cautions: list[str]
    alpha: float


class Share(NamedTuple):
    """An effect over what was learnt, with its standard error, of n seeds."""

    n: int
    effect: float
    error: float
    learnt: float


def share(by_seed: "pd.Series[float]", reference: "pd.Series[float]") -> Share:
    """The mean difference over the mean of what the reference learnt, both indexed by seed.

    Its error by the delta method, of both means: seeds that have both pair them (Cochran 1977,
    chapter 6). NaN for fewer than two differences.
    """
    n, level = len(by_seed), float(reference.mean())
    if n < 2:
        return Share(n, math.nan, math.nan, level)
    effect = float(by_seed.mean()) / level
    moves = (by_seed - by_seed.mean()) / n
    moves = moves.sub(effect * (reference - level) / len(reference), fill_value=0.0)
    return Share(n, effect, math.sqrt(float((moves**2).sum()) * n / (n - 1)) / level, level)


def pool_runs(frames: Mapping[str, Frames], rankings: Mapping[str, pd.DataFrame]) -> Pool:
    """Pool every contrast that can be; `rankings` are those of the runs.

    A HarnessError with all reasons where the runs cannot be pooled, or none of their contrasts.
    """
    if why := obstacles(frames):
        raise HarnessError(f"these runs cannot be pooled: {'; '.join(why)}")
    alpha = min(run.plan.alpha for run in frames.values())
    titles = contrast_titles(rankings.values())
    fitted, sets, left_out = [], [], []
    for contrast, rows in _by_contrast(rankings).items():
        title = titles[contrast]
        reason, shares = obstacle(contrast, frames, rows), {}
        if not reason:
            shares = {name: _share(frames[name], row) for name, row in rows.items()}
            reason = _degenerate(shares)
        if reason:
            left_out.append((contrast, title, reason))
            continue
        effects, errors = (
            np.array([getattr(each, name) for each in shares.values()])
            for name in ("effect", "error")
        )
        model = combine(effects, errors**2)
        fitted.append((contrast, title, model))
        sets += [
            (contrast, title, name, name_set(frames[name]), each.n, each.effect, each.error,
             *_interval(each, frames[name], rows[name], alpha), weight, each.learnt)
            for (name, each), weight in zip(shares.items(), model.weights, strict=True)
        ]  # fmt: skip
    if not fitted:
        reasons = [f"{title}: {reason}" for _, title, reason in left_out]
        raise HarnessError(
            "these runs cannot be pooled: "
            + ("; ".join(reasons) or "no two of them have a contrast in common")
        )
    tips = _tips(fitted, alpha)
    of_sets = pd.DataFrame(sets, columns=list(SET_COLUMNS))
    order = {contrast: place for place, contrast in enumerate(tips["contrast"])}
    of_sets = of_sets.sort_values("contrast", key=lambda names: names.map(order), kind="stable")
    return Pool(
        tips,
        of_sets.reset_index(drop=True),
        pd.DataFrame(left_out, columns=list(LEFT_OUT)),
        cautions(frames, of_sets),
        alpha,
    )


def _by_contrast(rankings: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Contrast → run → its row of the ranking, of contrasts that two runs or more have."""
    by_name: dict[str, dict[str, Any]] = {}
    for name, ranked in rankings.items():
        for row in each_row(ranked):
            by_name.setdefault(row.contrast, {})[name] = row
    return {contrast: rows for contrast, rows in by_name.items() if len(rows) > 1}


def _share(frames: Frames, row: Any) -> Share:
    return share(_differences(frames, row.contrast), learnt(frames, row.identity))


def _differences(frames: Frames, contrast: str) -> "pd.Series[float]":
    """By seed, of a sequential run as its looks saw them."""
    table = differences(frames.trials, frames.plan.contrast(contrast).weights)
    if frames.plan.looks:
        table = frozen(frames.plan.looks, contrast, table)
    return table.set_index("seed")["difference"]


def _degenerate(shares: Mapping[str, Share]) -> str:
    for name, each in shares.items():
        if not each.learnt > 0:
            return f"the reference of {name} has learnt nothing by the metric that measured it"
        if not each.error > max_t.NONE * abs(each.effect):
            return f"all seeds of {name} agree, so its weight is not known"
    return ""


def _interval(each: Share, frames: Frames, row: Any, alpha: float) -> tuple[float, float, str]:
    """Of a share, and its kind; `row` is its run's, with the interval that its looks allow."""
    kind = ALONE
    if frames.plan.looks is None:
        half = float(t_quantile(1 - alpha / 2, each.n - 1)) * each.error
    else:  # as many standard errors wide as the interval of the effect
        by_seed = _differences(frames, row.contrast)
        half = (row.high - row.low) / 2 * each.error / float(by_seed.std() / math.sqrt(each.n))
        kind = NONE if math.isnan(half) else REPEATED
    return each.effect - half, each.effect + half, kind


def _tips(fitted: list[tuple[str, str, RandomEffects]], alpha: float) -> pd.DataFrame:
    level = max_t.single_level(len(fitted), alpha)
    rows = [
        (contrast, title, each.sets, each.effect, each.error, *each.interval(level),
         *each.interval(alpha), *each.prediction(alpha), math.sqrt(each.tau_squared),
         each.i_squared, each.q, each.p_q, each.p)
        for contrast, title, each in fitted
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(TIP_COLUMNS[:-3]))
    table["p_adjusted"] = holm(table["p"])
    table["verdict"] = [
        verdict(row.sets, row.effect, row.p_adjusted, alpha, False, False)[0]
        for row in each_row(table)
    ]
    table["reason"] = [disagreement(row.verdict, row.low, row.high) for row in each_row(table)]
    return table.sort_values("effect", kind="stable").reset_index(drop=True)
