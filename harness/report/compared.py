"""The first sentences of a comparison of runs."""

from collections.abc import Iterable

import pandas as pd

from harness.analysis.compare import Comparison, unlearnt
from harness.analysis.effects import BETTER, EQUIVALENT, NOT_JUDGED, WORSE
from harness.analysis.frame import each_row
from harness.core import format as show
from harness.report import pooled

_VERBS = {
    BETTER: ("helps", "help"),
    WORSE: ("hurts", "hurt"),
    EQUIVALENT: ("makes no difference that matters", "make no difference that matters"),
}


def headline(comparison: Comparison, where: str = "in") -> str:
    """Runs that judge nothing, what helps or hurts, and opposite verdicts by name.

    A tip helps `where` a run: in it, or on its images.
    """
    told = unlearnt(comparison)
    if comparison.effects.empty:
        return " ".join([*told, "These runs have no contrast in common."])
    answer = pooled.sentence(comparison.pooled) if comparison.pooled else _moved(comparison, where)
    return " ".join([*told, answer, _contradicted(comparison, where)])


def run_by_run(comparison: Comparison, where: str = "in") -> list[str]:
    """A sentence for each verdict: which tips have it in which runs; and what is not judged."""
    parts_of = {word: _told(comparison, word, where) for word in _VERBS}
    sentences = [f"{'; '.join(parts)}." for parts in parts_of.values() if parts]
    effects, titles = comparison.effects, _titles(comparison)
    decided = set(effects.loc[effects["verdict"].isin(list(_VERBS)), "contrast"])
    if left := [f"“{title}”" for tip, title in titles.items() if tip not in decided]:
        sentences.append(f"No run decides {show.listed(left)}.")
    return [*sentences, *_unjudged(comparison, where)]


def _unjudged(comparison: Comparison, where: str) -> list[str]:
    """A sentence for each run that has learnt and judges no contrast, with the reasons."""
    runs = comparison.runs
    by_run = comparison.effects.groupby("run", sort=False)
    reasons = {
        run: filter(None, dict.fromkeys(rows["reason"]))
        for run, rows in by_run
        if (rows["verdict"] == NOT_JUDGED).all() and rows["reason"].any()
    }
    return [
        f"Nothing is judged {where} {run}: {'; '.join(reasons[run])}."
        for run in runs.loc[runs["unlearnt"] == "", "run"]
        if run in reasons
    ]


def _told(comparison: Comparison, word: str, where: str) -> list[str]:
    """The tips with a verdict in some run, those together that have it in the same runs."""
    effects, names = comparison.effects, list(comparison.runs["run"])
    titles, by_runs = _titles(comparison), dict[tuple[str, ...], list[str]]()
    for contrast, rows in effects[effects["verdict"] == word].groupby("contrast", sort=False):
        by_runs.setdefault(tuple(rows["run"].unique()), []).append(f"“{titles[contrast]}”")
    every = "in both runs" if len(names) == 2 else f"in all {len(names)} runs"
    return [
        f"{show.listed(tips)} {_VERBS[word][len(tips) > 1]} "
        + (every if set(runs) == set(names) else _in(runs, where))
        for runs, tips in by_runs.items()
    ]


def _in(runs: Iterable[str], where: str) -> str:
    return f"{where} {show.listed(runs)}"


def _moved(comparison: Comparison, where: str) -> str:
    """The tips that help or hurt by some run or, where nothing does, what looked best."""
    if parts := [part for word in (BETTER, WORSE) for part in _told(comparison, word, where)]:
        return f"{'; '.join(parts)}."
    none = "No run shows that a common tip helps or hurts"
    if comparison.ranks.empty:
        return f"{none}."
    best, *_ = each_row(comparison.ranks)
    return f"{none}; “{best.title}” looked best (mean rank {show.number(best.rank, 1)})."


def _contradicted(comparison: Comparison, where: str) -> str:
    told = comparison.effects[comparison.effects["verdict"].isin([BETTER, WORSE])]
    several = told.drop_duplicates(["contrast", "run"])["contrast"].duplicated().any()
    if turned := _turned_round(comparison, where):
        return f"By both verdicts, {show.listed(turned)}."
    if several:
        return "No tip is better in one run and worse in another."
    return "No contrast is better or worse in more than one run, so no verdicts can disagree."


def agreement(comparison: Comparison) -> str:
    """How far the runs order their common contrasts alike; empty where they have none."""
    if comparison.effects.empty:
        return ""
    common = show.count(comparison.effects["contrast"].nunique(), "common contrast")
    return f"Rank agreement over {common}: {_agreed(comparison)}."


def _turned_round(comparison: Comparison, where: str) -> list[str]:
    """For each tip whose verdicts are opposite: in which runs it helps, and in which it hurts."""
    changed = comparison.changed
    sure = changed[changed["judged"].astype(bool)]  # of no rows it has no type
    sentences = []
    for title, rows in sure.groupby("title", sort=False):
        pairs = [pair for row in each_row(rows) for pair in ((row.a, row.effect_a),
                                                            (row.b, row.effect_b))]  # fmt: skip
        helps, hurts = (
            _in(dict.fromkeys(run for run, effect in pairs if (effect < 0) == sign), where)
            for sign in (True, False)
        )
        sentences.append(f"{title} helps {helps} and hurts {hurts}")
    return sentences


def _agreed(comparison: Comparison) -> str:
    taus = comparison.agreement["tau"].dropna()
    if taus.empty:
        return "not known, for want of two contrasts that both runs can order"
    low, high = (show.number(tau, 2, signed=True) for tau in (taus.min(), taus.max()))
    pairs = len(comparison.agreement[["a", "b"]].drop_duplicates())
    span = f"τ-b = {low}" if low == high else f"τ-b from {low} to {high}"
    span = f"Kendall's {span}"
    return span if len(taus) == 1 else f"{span} for {show.count(pairs, 'pair')} of runs"


def _titles(comparison: Comparison) -> "pd.Series[str]":
    """Contrast → title."""
    titles: pd.Series[str] = comparison.effects.groupby("contrast")["title"].first()
    return titles
