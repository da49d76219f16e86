"""Whether trials have learnt anything: what has not is not judged (statistics, "What is judged").

KIDs of generators that make grey or black images differ too, and by more than seeds do. A test
would call that an effect.
"""

import math
from collections.abc import Mapping

import pandas as pd

from harness.core import format as show
from harness.metrics.health import COVERAGE_FLOOR
from harness.runs.outcomes import COLLAPSED
from harness.runs.plan import PlanRecord
from harness.runs.status import Status

UNLEARNT_SHARE = 0.5  # of the untrained KID: a final one above it is no result of learning
_ROUNDING = 1e-9  # of means: the mean of six times .05 is less than .05

_READ = ("status", "flags", "untrained", "final_kid", "coverage")


def collapsed(trials: pd.DataFrame) -> "pd.Series[bool]":
    """Which trials have the flag of a collapse."""
    return trials["flags"].map(lambda flags: COLLAPSED in str(flags).split()).astype(bool)


def unlearnt(trials: pd.DataFrame) -> str:
    """Why the finished ones of these trials have not learnt; empty: they have, or who knows.

    On average their final KID is above half of the untrained one, or their coverage next to
    nothing, or most of them collapsed. A value that the record lacks does not count.
    """
    ended = trials[trials["status"] == Status.FINISHED].reindex(columns=list(_READ))
    if ended.empty:
        return ""
    known = ended[["untrained", "final_kid"]].dropna()
    before, after = known.mean() if len(known) else (math.nan, math.nan)
    if before <= 0:
        size = show.digits(before, 2)
        return f"its untrained KID is {size}, so there is nothing to learn by this metric"
    if after > UNLEARNT_SHARE * before * (1 + _ROUNDING):
        return f"its final KID is {show.percent(after / before, 0)} of its untrained KID"
    fallen = int(collapsed(ended).sum())
    if 2 * fallen > len(ended):
        return f"{fallen} of {len(ended)} trials collapsed"
    coverage = float(ended["coverage"].mean())
    low = coverage < COVERAGE_FLOOR * (1 - _ROUNDING)
    return f"its coverage is {show.digits(coverage, 2)}" if low else ""


def failed(trials: pd.DataFrame) -> str:
    """Like `unlearnt`, of trials that may all have diverged, too."""
    lost = int((trials["status"] == Status.DIVERGED).sum())
    if lost and not (trials["status"] == Status.FINISHED).any():
        return f"{lost} of {lost} trials diverged"
    return unlearnt(trials)


def valueless(trials: pd.DataFrame) -> str:
    """Why none of these trials has a value of the objective; empty: one has."""
    if trials["final"].notna().any():
        return ""
    count, crashed = len(trials), int((trials["status"] == Status.CRASHED).sum())
    return f"{crashed} of {show.count(count, 'trial')} crashed"


def of_reference(plan: PlanRecord, trials: pd.DataFrame) -> str:
    """Why a study's reference has not learnt, so that nothing of it is judged; empty: it has.

    By the metric identity that most of its trials have. One of which every trial diverged is no
    such case: that is a failure, and counts against it.
    """
    reference = trials[trials["cell"] == plan.reference].dropna(subset=["identity"])
    if reference.empty:
        return ""
    return unlearnt(reference[reference["identity"] == reference["identity"].mode()[0]])


def sides(trials: pd.DataFrame, weights: Mapping[str, float]) -> tuple[str, str]:
    """Why the cells that a contrast follows, and those it ignores, have not learnt."""
    signs = trials["cell"].map(weights)
    return failed(trials[signs > 0]), failed(trials[signs < 0])
