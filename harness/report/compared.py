"""The first sentences of a comparison of runs."""

import pandas as pd

from harness.analysis.compare import Comparison, unlearnt
from harness.analysis.effects import BETTER, WORSE
from harness.analysis.frame import each_row
from harness.core import format as show
from harness.report import pooled


def headline(comparison: Comparison) -> str:
    """Runs that judge nothing, pooled effects, agreement, and opposite verdicts by name."""
    over_sets = [pooled.sentence(comparison.pooled)] if comparison.pooled else []
    return " ".join([*unlearnt(comparison), *over_sets, _compared(comparison)])


def _compared(comparison: Comparison) -> str:
    if comparison.effects.empty:
        return "These runs have no contrast in common."
    contrasts = comparison.effects["contrast"].nunique()
    told = comparison.effects[comparison.effects["verdict"].isin([BETTER, WORSE])]
    several = told.drop_duplicates(["contrast", "run"])["contrast"].duplicated().any()
    moved = "No contrast is better or worse in more than one run, so no verdicts can disagree."
    if turned := _turned_round(comparison):
        moved = f"By both verdicts, {show.listed(turned)}."
    elif several:
        moved = "No verdict of one run contradicts that of another."
    common = show.count(contrasts, "common contrast")
    return f"{common}; rank agreement {_agreed(comparison)}. {moved}"


def _turned_round(comparison: Comparison) -> list[str]:
    """For each tip whose verdicts are opposite: in which runs it helps, and in which it hurts."""
    titles, changed = titles_of(comparison), comparison.changed
    sure = changed[changed["judged"].astype(bool)]  # of no rows it has no type
    sentences = []
    for contrast, rows in sure.groupby("contrast", sort=False):
        pairs = [pair for row in each_row(rows) for pair in ((row.a, row.effect_a),
                                                            (row.b, row.effect_b))]  # fmt: skip
        helps, hurts = (
            show.listed(dict.fromkeys(run for run, effect in pairs if (effect < 0) == sign))
            for sign in (True, False)
        )
        sentences.append(f"{titles[contrast]} helps in {helps} and hurts in {hurts}")
    return sentences


def _agreed(comparison: Comparison) -> str:
    taus = comparison.agreement["tau"].dropna()
    if taus.empty:
        return "not known, for want of two contrasts that both runs can order"
    low, high = (show.number(tau, 2, signed=True) for tau in (taus.min(), taus.max()))
    pairs = len(comparison.agreement[["a", "b"]].drop_duplicates())
    span = f"τ = {low}" if low == high else f"τ from {low} to {high}"
    return span if len(taus) == 1 else f"{span} over {show.count(pairs, 'pair')} of runs"


def titles_of(comparison: Comparison) -> "pd.Series[str]":
    """Contrast → title."""
    titles: pd.Series[str] = comparison.effects.groupby("contrast")["title"].first()
    return titles
