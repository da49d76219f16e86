"""Verdicts by further metrics, and where they disagree with those of the metric of the study.

A verdict holds for the features that it was measured in: another encoder may see other faults. Each
metric ranks the contrasts by itself, and only verdicts, signs and orders are compared, never sizes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.analysis.agreement import kendall
from harness.analysis.frame import Frames, Scored, each_row
from harness.analysis.ranking import rank_contrasts
from harness.analysis.verdicts import BETTER, EQUIVALENT, NOT_JUDGED, WORSE
from harness.runs.rows import MetricAbout

DECIDED = (BETTER, WORSE, EQUIVALENT)


class Match(StrEnum):
    """How a verdict by a further metric stands to that of the study's."""

    SAME = "same"
    REVERSED = "reversed"  # better by one, worse by the other
    DIFFERENT = "different"  # equivalent by one, better or worse by the other
    LOST = "lost"  # decided by the study's metric only
    GAINED = "gained"  # decided by the further metric only
    OPEN = "open"  # decided by none


class Second(NamedTuple):
    """A contrast by a further metric."""

    contrast: str
    match: Match
    verdict: str
    reason: str
    turned: bool  # whether the effect has the other sign


class Further(NamedTuple):
    """The contrasts of a study by a further metric, and whether it orders them alike."""

    about: MetricAbout
    ranking: pd.DataFrame  # as `rank_contrasts` has it
    contrasts: Mapping[str, Second]  # those that both metrics have an effect of
    tau: float  # Kendall's tau-b of their effects; NaN of fewer than two
    p: float

    def having(self, *matches: Match) -> list[Second]:
        """The contrasts that stand so, in the order of the study's ranking."""
        return [each for each in self.contrasts.values() if each.match in matches]


def rank_further(frames: Frames, ranking: pd.DataFrame) -> list[Further]:
    """Every further metric in which a contrast of the ranking has an effect."""
    ranked = [_rank(frames, scored, ranking) for scored in frames.further]
    return [each for each in ranked if each.contrasts]


def _rank(frames: Frames, scored: Scored, ranking: pd.DataFrame) -> Further:
    plan = frames.plan
    if plan.looks:  # which seeds there are was decided by the study's metric, so none are tested
        plan = plan.replaced(looks=plan.looks.replaced(seeds_of=plan.run_name, taken=()))
    by_it = rank_contrasts(replace(frames, plan=plan, trials=scored.trials))
    others = {row.contrast: row for row in each_row(by_it) if row.n > 0}
    pairs = [
        (row, others[row.contrast])
        for row in each_row(ranking)
        if row.n > 0 and row.contrast in others
    ]
    effects = np.array([(row.effect, other.effect) for row, other in pairs]).reshape(-1, 2)
    tau, p = kendall(*effects.T.tolist()) if len(pairs) > 1 else (math.nan, math.nan)
    contrasts = {
        row.contrast: Second(
            row.contrast,
            compare_verdicts(row.verdict, other.verdict),
            NOT_JUDGED if plan.looks else other.verdict,
            other.reason,
            row.effect * other.effect < 0,
        )
        for row, other in pairs
    }
    return Further(scored.about, by_it, contrasts, tau, p)


def compare_verdicts(first: str, second: str) -> Match:
    """How the second verdict on a contrast stands to the first."""
    decided = [word in DECIDED for word in (first, second)]
    if not any(decided):
        return Match.OPEN
    if not all(decided):
        return Match.LOST if decided[0] else Match.GAINED
    if first == second:
        return Match.SAME
    return Match.DIFFERENT if EQUIVALENT in (first, second) else Match.REVERSED


_ESTIMATE = ("contrast", "identity", "n", "effect", "low", "high", "p_adjusted")


def agreement(further: Sequence[Further]) -> pd.DataFrame:
    """One row a contrast and further metric: estimate and verdict by it, next to the match.

    `match` is how the verdict stands to that of the study's metric, `turned` whether the effect has
    the other sign; `tau` and `p_tau` are of the order of all contrasts by both.
    """
    rows = [
        (*(getattr(row, name) for name in _ESTIMATE), second.verdict, str(second.match),
         second.turned, each.tau, each.p)
        for each in further
        for row in each_row(each.ranking)
        if (second := each.contrasts.get(row.contrast))
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[*_ESTIMATE, "verdict", "match", "turned", "tau", "p_tau"])
