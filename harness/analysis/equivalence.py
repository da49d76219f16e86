"""Equivalence: an effect that is significantly smaller than a declared share of what was learnt."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.analysis import max_t
from harness.analysis.frame import Scores
from harness.analysis.max_t import Array
from harness.analysis.objectives import KIMG, objective
from harness.config.patch import DEFAULTS, schedule
from harness.plan.reach import EXACT
from harness.runs.status import Status


def learnt(frames: Scores, identity: str | None) -> "pd.Series[float]":
    """By seed, what the reference has learnt: untrained less final, as the objective measures it.

    Of finished trials whose untrained KID is known; a time has no value untrained.
    """
    reference = _reference(frames, identity).set_index("seed")
    return (reference["untrained"] - reference["final"]).dropna()


def margin(frames: Scores, identity: str | None) -> float:
    """Half-width of the declared region of equivalence; NaN where there is none.

    A share of the mean that the reference has learnt. So there is none where the untrained KID is
    unknown, or nothing was learnt. Of a time it is a share of the reference's.
    """
    if objective(frames.plan.objective).unit == KIMG:
        whole = float(_reference(frames, identity)["final"].mean())
    else:
        whole = float(learnt(frames, identity).mean())
    return whole * frames.plan.equivalence if whole > 0 else math.nan


def _reference(frames: Scores, identity: str | None) -> pd.DataFrame:
    trials = frames.trials
    return trials[
        (trials["cell"] == frames.plan.reference)
        & (trials["identity"] == identity)
        & (trials["status"] == Status.FINISHED)
    ].reindex(columns=["seed", "final", "untrained"])


def resolution(frames: Scores) -> float:
    """Half-width within which a difference of two objectives is not known, whatever the seeds.

    A time is observed at the evaluation that follows it, so it, and a difference of two, is known
    to within the longest time between two evaluations. A KID is known itself: 0.
    """
    if objective(frames.plan.objective).unit != KIMG:
        return 0.0
    knobs = {**DEFAULTS, **frames.configs[frames.plan.reference]}
    widest = schedule(knobs).widest
    return float(knobs["training.kimg"]) * widest.numerator / widest.denominator


def assess_equivalence(
    D: Array, margins: Array, reached: NDArray[np.bool_], alpha: float
) -> pd.DataFrame:
    """Two one-sided sign-flip tests against the ends of the region, adjusted by Holm.

    Columns: margin, p_equivalence, p_equivalence_adjusted, equivalent. Exact like the primary test,
    and for as many seeds. None where in some seed both sides entered with their budget (`reached`
    is False): that they took equally long is not known.
    """
    known = (np.isfinite(D).sum(0) >= EXACT) & reached
    inside = np.where(known, D, np.nan)
    # not below −margin, not above +margin
    p = np.maximum(max_t.above(inside + margins), max_t.above(margins - inside))
    table = pd.DataFrame({"margin": margins, "p_equivalence": p})
    table["p_equivalence_adjusted"] = max_t.holm(table["p_equivalence"])
    table["equivalent"] = table["p_equivalence_adjusted"] <= alpha
    return table
