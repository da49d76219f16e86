"""A sequential run as its looks saw it: verdicts of the record, and repeated intervals.

Tests and intervals of a fixed number of seeds do not hold for contrasts that were looked at several
times. So what the ranking says of a sequential run is what its looks have frozen.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from harness.analysis.sequential import Decision, State
from harness.analysis.verdicts import (
    BETTER,
    EQUIVALENT,
    INCONCLUSIVE,
    NOT_JUDGED,
    UNLOOKED,
    WORSE,
    Words,
)
from harness.runs.stages import LooksRecord, SeenRecord

_WORDS = {State.BETTER: BETTER, State.WORSE: WORSE, State.EQUIVALENT: EQUIVALENT}
_TESTED = ("t_low", "t_high", "p", "p_max_t", "p_holm", "p_adjusted")
_INVALID = (  # columns of tests and intervals that do not allow for looks
    *_TESTED,
    *("p_equivalence", "p_equivalence_adjusted"),
    *(f"{name}_finished" for name in ("low", "high", *_TESTED)),
)


def frozen(looks: LooksRecord, name: str, seeds: pd.DataFrame) -> pd.DataFrame:
    """Differences of a contrast (`effects.differences`) as its last look saw them.

    Before the first look: as they are now.
    """
    seen = looks.last.get(name)
    if seen is None:
        return seeds
    known = pd.Series(seen.differences, _seeds(looks, name), dtype=float).dropna()
    failed = pd.Series(seen.failed, _seeds(looks, name), dtype=bool).reindex(known.index)
    table = seeds.set_index("seed").reindex(known.index).rename_axis("seed")
    sides = ["diverged_following", "diverged_ignoring", "diverged_alone", "censored"]
    return table.assign(
        identity=seen.identity,
        difference=known,
        finished=~failed,
        diverged=table["diverged"].fillna(0).astype(int),
        **{side: table[side].fillna(False).astype(bool) for side in sides},
    ).reset_index()[list(seeds.columns)]


def _seeds(looks: LooksRecord, name: str) -> list[int]:
    """The seeds of the last look that a contrast was open at."""
    return list([look for look in looks.taken if name in look.contrasts][-1].seeds)


def verdicts(looks: LooksRecord) -> dict[str, Words]:
    """Contrast → verdict and reason, by the looks that were taken."""
    return {name: _verdict(looks, name) for name in looks.contrasts}


def unlooked(looks: LooksRecord) -> str:
    """Why no look of this run decides anything; empty if one does."""
    if looks.seeds_of:
        return f"{UNLOOKED}, since the seeds follow from those of {looks.seeds_of}"
    return "" if looks.taken else f"{UNLOOKED} yet; the first is at {looks.planned[0]} seeds"


def _verdict(looks: LooksRecord, name: str) -> Words:
    if why := unlooked(looks):
        return NOT_JUDGED, why
    seen, most = looks.last[name], len(looks.seeds)
    if name not in looks.closed:
        if looks.ended:
            return INCONCLUSIVE, f"not decided by {most} seeds"
        return INCONCLUSIVE, f"open after {len(looks.taken)} of {len(looks.planned)} looks"
    closed = f"closed at {looks.closed[name]} seeds"
    if seen.reason:
        return NOT_JUDGED, f"{closed}: {seen.reason}"
    if seen.state == State.FUTILE:
        return INCONCLUSIVE, f"{closed}: would hardly be decided by {most} seeds"
    return _WORDS[State(seen.state)], closed


def repeated(table: pd.DataFrame, looks: LooksRecord) -> pd.DataFrame:
    """The ranking (`effects.estimate_effects`) with repeated intervals and frozen margins.

    p-values and intervals that do not allow for looks are NaN.
    """
    decisions = [_numbers(looks.last.get(name)) for name in table["contrast"]]
    low, high, margin = np.array(decisions, float).reshape(-1, 3).T
    asked = [len(_seeds(looks, name)) for name in table["contrast"]] if looks.taken else None
    margins = np.where(np.isfinite(margin), margin, table["margin"]) if looks.taken else None
    return table.assign(
        low=low,
        high=high,
        equivalent=table["verdict"] == EQUIVALENT,
        **dict.fromkeys(_INVALID, math.nan),
        **({} if margins is None else {"margin": margins, "planned": asked}),
    )


def _numbers(seen: SeenRecord | None) -> tuple[float | None, ...]:
    if seen is None:
        return None, None, None
    return seen.decision["low"], seen.decision["high"], seen.margin


@dataclass(frozen=True)
class Point:
    """A contrast at a look: estimate, repeated interval, and what was decided.

    In the unit of the objective, as measured; None where the look had no value.
    """

    contrast: str
    look: int  # from 1
    seeds: int  # of the look
    n: int  # of these, with a difference
    effect: float | None
    low: float | None
    high: float | None
    margin: float | None
    t: float | None
    boundary: float | None
    predictive: float | None
    state: str  # open, or how this look closed it
    reason: str  # why it was closed, where that was not by its differences

    @property
    def word(self) -> str:
        """Its state; *not judged* where it was closed for another reason than its differences."""
        return NOT_JUDGED if self.reason else self.state


def by_look(looks: LooksRecord) -> list[Point]:
    """All open contrasts, look by look; for pictures and audits."""
    fields = ("n", "effect", "low", "high")
    tests = ("t", "boundary", "predictive")
    return [
        Point(
            contrast=name, look=number, seeds=len(look.seeds), margin=seen.margin,
            state=seen.state, reason=seen.reason,
            **{field: seen.decision[field] for field in (*fields, *tests)},
        )
        for number, look in enumerate(looks.taken, 1)
        for name, seen in look.contrasts.items()
    ]  # fmt: skip


def decisions(looks: LooksRecord | None) -> pd.DataFrame:
    """One row a look and contrast that was open: all that the look saw and decided.

    Columns: contrast, look, seeds, margin, those of `sequential.Decision`, reason. Effects,
    intervals and margins as measured.
    """
    rows = [
        {"contrast": name, "look": number, "seeds": len(look.seeds), "margin": seen.margin,
         **seen.decision, "reason": seen.reason}
        for number, look in enumerate(looks.taken if looks else (), 1)
        for name, seen in look.contrasts.items()
    ]  # fmt: skip
    numbers = [field.name for field in fields(Decision)]
    return pd.DataFrame(rows, columns=["contrast", "look", "seeds", "margin", *numbers, "reason"])
