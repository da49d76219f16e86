"""The sources' claims, judged by the results of a study."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.analysis.effects import (
    BETTER,
    EQUIVALENT,
    INCONCLUSIVE,
    MAX_T,
    WORSE,
    differences,
    estimates,
    primary,
    verdict,
)
from harness.analysis.failures import failure_effects
from harness.analysis.frame import Frames, each_row
from harness.analysis.learning import of_reference
from harness.analysis.verdicts import NOT_JUDGED, SMALL
from harness.runs.plan import QUALITY, ClaimRecord

SUPPORTED, CONTRADICTED = "supported", "contradicted"
STABILITY, VARIETY, FIDELITY = "stability", "variety", "fidelity"  # of what else a claim may be
DESCRIBED = "precision and density describe it, without a test"

_JUDGEMENTS = {
    ("helps", BETTER): SUPPORTED,
    ("helps", WORSE): CONTRADICTED,
    ("helps", EQUIVALENT): CONTRADICTED,
    ("hurts", BETTER): CONTRADICTED,
    ("hurts", EQUIVALENT): CONTRADICTED,
    ("hurts", WORSE): SUPPORTED,
    ("no_effect", EQUIVALENT): SUPPORTED,
    ("no_effect", BETTER): CONTRADICTED,
    ("no_effect", WORSE): CONTRADICTED,
}
_COLUMNS = ("contrast", "title", "design", "source", "effect", "of", "condition", "quote")


def judge(claim: ClaimRecord, word: str, n: int, within: bool = False) -> str:
    """Judgement of a claim by a verdict over n seeds.

    `within`: the effect is within the margin of equivalence, so it is no effect that matters.
    """
    if unjudged(claim, word, n):
        return NOT_JUDGED
    if within and claim.effect == "no_effect":
        return INCONCLUSIVE
    return _JUDGEMENTS.get((claim.effect, word), INCONCLUSIVE)


def unjudged(claim: ClaimRecord, word: str, n: int) -> str:
    """Why a claim is not judged by a verdict over n seeds; empty: it is.

    `met` of a claim: whether its condition holds here; None: unknown.
    """
    if claim.effect == "depends":
        return "any result agrees with it"
    if claim.condition and claim.met is None:  # "supported" would say that it holds
        return "hyper-parameters do not tell whether its condition holds"
    if claim.met is False:
        return "its condition does not hold here"
    if n == 0 or word not in _VERDICTS:
        return DESCRIBED if claim.of == FIDELITY else "there is nothing to judge it by"
    return ""


_VERDICTS = (BETTER, WORSE, EQUIVALENT, INCONCLUSIVE)


def judge_claims(frames: Frames, ranking: pd.DataFrame) -> pd.DataFrame:
    """One row a claim of a ranked contrast, in the order of the ranking.

    What a claim is `of` decides by what it is judged: quality by the ranking, stability by failure
    rates, variety by coverage; claims about the fidelity of single images are not tested.
    `p_adjusted` is adjusted for all contrasts of the study or, of stability and variety, for the
    `family` of contrasts that bear such a claim.
    """
    claims_of = {contrast.name: contrast.claims for contrast in frames.plan.contrasts}
    verdicts = _verdicts(frames, ranking)
    unlearnt = of_reference(frames.plan, frames.trials)  # nothing is told by what learns nothing
    rows = []
    for row in each_row(ranking):
        for claim in claims_of[row.contrast]:
            word, n, p, family = verdicts.get(claim.of, {}).get(row.contrast, _UNTESTED)
            within = claim.of == QUALITY and SMALL in row.reason
            if unlearnt or (row.unlearnt_following and row.unlearnt_ignoring):
                word = NOT_JUDGED
            values = (row.contrast, row.title, row.design, claim.source, claim.effect,
                      claim.of, claim.condition, claim.quote)  # fmt: skip
            judged = judge(claim, word, n, within), unjudged(claim, word, n)
            rows.append((*values, word, *judged, p, family))
    named = [*_COLUMNS, "verdict", "judgement", "reason", "p_adjusted", "family"]
    return pd.DataFrame(rows, columns=named)


class _Found(NamedTuple):
    """A verdict on a contrast, over how many seeds, by which p, adjusted for how many contrasts."""

    verdict: str
    n: int
    p_adjusted: float
    family: int


_UNTESTED = _Found("", 0, math.nan, 0)


def _verdicts(frames: Frames, ranking: pd.DataFrame) -> dict[str, dict[str, _Found]]:
    quality = _founds(ranking)
    if not frames.plan.evidence:
        return dict.fromkeys((QUALITY, STABILITY, VARIETY), quality)
    stability = failure_effects(frames, _bearing(frames, STABILITY))
    variety = _variety(frames, _bearing(frames, VARIETY))
    return {QUALITY: quality, STABILITY: _founds(stability), VARIETY: _founds(variety)}


def _bearing(frames: Frames, subject: str) -> list[str]:
    """The contrasts that bear a claim of that kind: the family that is declared by the plan."""
    return [contrast.name for contrast in frames.plan.contrasts if contrast.claims_of(subject)]


def _founds(table: pd.DataFrame) -> dict[str, _Found]:
    family = int(table["p_adjusted"].notna().sum())
    return {
        row.contrast: _Found(str(row.verdict), int(row.n), float(row.p_adjusted), family)
        for row in each_row(table)
    }


def _variety(frames: Frames, family: Sequence[str]) -> pd.DataFrame:
    """Verdicts on the coverage of the last evaluation, adjusted for the family like the ranking."""
    contrasts = [each for each in frames.plan.contrasts if each.name in family]
    trials = frames.trials.assign(final=-frames.trials["coverage"])  # more is better
    seeds = list(frames.plan.seeds)
    columns = [
        differences(trials, each.weights).set_index("seed")["difference"].reindex(seeds)
        for each in contrasts
    ]
    D = np.column_stack(columns) if columns else np.empty((len(seeds), 0))
    alpha, exact = frames.plan.alpha, primary(len(frames.plan.seeds)) == MAX_T
    table = estimates(D, alpha, exact)
    verdicts = [
        verdict(int(row.n), row.effect, row.p_adjusted, alpha, False, exact)[0]
        for row in each_row(table)
    ]
    return table.assign(contrast=[each.name for each in contrasts], verdict=verdicts)
