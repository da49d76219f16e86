"""Looks at a study while it runs: which contrasts are decided, which are given up, which go on.

A group-sequential sign-flip test for each contrast, for *different* and for *equivalent*
(`spending`), and over contrasts Holm's levels, which grow as contrasts are rejected, at this look
or at an earlier one (Maurer & Bretz 2013). Closed contrasts still count in the correction.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from harness.analysis import max_t
from harness.analysis.max_t import Array
from harness.analysis.repeated import predictive_power, repeated_interval
from harness.analysis.spending import Crossings, Ints, Rejections, crossings
from harness.plan.looks import Looks


class State(StrEnum):
    """How a contrast stands after a look; once it is not open, it never changes."""

    OPEN = "open"
    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    FUTILE = "futile"


@dataclass(frozen=True)
class Decision:
    """A contrast after a look; where an earlier look closed it, the decision of that look.

    Statistics are t, of the differences, and of the differences plus and minus the margin, turned
    so that large values show equivalence. A boundary is the smallest value that is rejected at this
    look; None: none is. A level that has grown since may reject for an earlier look's value. None
    is also what too few seeds leave without a value, and t without scatter.
    """

    n: int  # seeds with a difference
    effect: float | None  # mean difference
    sd: float | None  # of the differences
    low: float | None  # repeated interval, for all contrasts and looks at once
    high: float | None
    level: float  # Holm's level for *different*
    t: float | None
    boundary: float | None  # of |t|
    level_equivalence: float  # Holm's level for *equivalent*
    t_above: float | None  # that the mean is above −margin
    boundary_above: float | None
    t_below: float | None  # that the mean is below +margin
    boundary_below: float | None
    predictive: float | None  # probability to be decided at n_max; None at the last look
    state: State


def decide(
    design: Looks,
    seen: Sequence[Array],
    margins: Array,
    earlier: Sequence[Sequence[Decision]],
) -> tuple[Decision, ...]:
    """The decisions of a look, one a contrast; the same for the same input.

    seen: one array a look, the last of the look to take: differences (seeds, contrasts) as they
    were frozen, row i being the same seed in all, NaN where a seed has no value. Its number of rows
    is the look's number of seeds. margins: half-widths of the region of equivalence (contrasts,),
    frozen at the first look, NaN for none. earlier: what the looks before decided.
    """
    for look in seen:
        max_t.checked(look)
    paths = crossings(design, seen, margins, still_open(design, earlier))
    return judge(design, seen, margins, paths, earlier)


def still_open(design: Looks, earlier: Sequence[Sequence[Decision]]) -> list[int]:
    """The contrasts that no look has closed."""
    if not earlier:
        return list(range(design.contrasts))
    return [place for place, one in enumerate(earlier[-1]) if one.state == State.OPEN]


def judge(
    design: Looks,
    seen: Sequence[Array],
    margins: Array,
    paths: Crossings,
    earlier: Sequence[Sequence[Decision]],
) -> tuple[Decision, ...]:
    """The decisions of the last look of `seen`, from tests of this look and those before it."""
    states = [one.state for one in earlier[-1]] if earlier else []
    places = still_open(design, earlier)
    look = len(seen) - 1
    apart = states.count(State.BETTER) + states.count(State.WORSE)
    differing = _holm(paths.difference.crossed, look, places, apart)
    rest = [place for place in places if place not in differing]
    alike = _holm(paths.equivalence, look, rest, states.count(State.EQUIVALENT))
    last = design.contrasts - 1  # index of alpha, the largest level
    next_levels = (
        min(last, apart + len(differing)),
        min(last, states.count(State.EQUIVALENT) + len(alike)),
    )
    decisions = list(earlier[-1]) if earlier else []
    for place in places:
        levels = differing.get(place, next_levels[0]), alike.get(place, next_levels[1])
        one = _Contrast(design, [values[:, place] for values in seen], float(margins[place]))
        if place in differing:
            state = one.direction(int(paths.difference.crossed[place, levels[0]]))
        elif place in alike:
            state = State.EQUIVALENT
        else:
            state = one.undecided()
        decision = one.decision(paths, place, levels, state)
        if earlier:
            decisions[place] = decision
        else:
            decisions.append(decision)
    return tuple(decisions)


def _holm(crossed: Ints, look: int, places: Sequence[int], rejected: int) -> dict[int, int]:
    """The contrasts that are rejected by this look, each with the index of its level.

    `rejected` is how many earlier looks rejected: every one raises the level of those that remain.
    """
    indices: dict[int, int] = {}
    while hits := [
        place
        for place in places
        if place not in indices and 0 <= crossed[place, rejected + len(indices)] <= look
    ]:
        indices |= dict.fromkeys(hits, rejected + len(indices))
    return indices


class _Contrast:
    """One contrast's differences as each look saw them."""

    def __init__(self, design: Looks, seen: Sequence[Array], margin: float) -> None:
        self.design, self.seen, self.margin = design, seen, margin
        self.values = seen[-1][np.isfinite(seen[-1])]
        self.n = len(self.values)
        self.effect = float(self.values.mean()) if self.n else None
        self.sd = float(self.values.std(ddof=1)) if self.n > 1 else None

    @cached_property
    def predictive(self) -> float | None:
        """None at the last look, and of fewer than two seeds."""
        if self.effect is None or self.sd is None or len(self.seen[-1]) >= self.design.n_max:
            return None
        return float(predictive_power(self.design, self.n, self.effect, self.sd, self.margin))

    def direction(self, look: int) -> State:
        """Better or worse, as the look that rejected saw it; a lower objective is better."""
        return State.BETTER if np.nanmean(self.seen[look]) < 0 else State.WORSE

    def undecided(self) -> State:
        """Open, or futile."""
        chance = self.predictive
        return State.FUTILE if chance is not None and chance < self.design.futility else State.OPEN

    def decision(
        self, paths: Crossings, place: int, levels: tuple[int, int], state: State
    ) -> Decision:
        """With the boundaries at the levels of these indices."""
        interval = repeated_interval(self.design, self.seen)
        different, equivalent = levels

        def boundary(test: Rejections, level: int) -> float | None:
            return _as_t(float(test.boundaries[place, level, len(self.seen) - 1]), self.n)

        return Decision(
            n=self.n,
            effect=self.effect,
            sd=self.sd,
            low=interval[0] if interval else None,
            high=interval[1] if interval else None,
            level=self.design.level(different),
            t=self._t(0.0),
            boundary=boundary(paths.difference, different),
            level_equivalence=self.design.level(equivalent),
            t_above=self._t(self.margin),
            boundary_above=boundary(paths.above, equivalent),
            t_below=_minus(self._t(-self.margin)),
            boundary_below=boundary(paths.below, equivalent),
            predictive=self.predictive,
            state=state,
        )

    def _t(self, shift: float) -> float | None:
        if self.effect is None or self.sd is None or math.isnan(shift):
            return None
        mean = self.effect + shift
        if self.sd <= max_t.NONE * abs(mean):
            return None if mean else 0.0
        return mean / self.sd * math.sqrt(self.n)


def _minus(t: float | None) -> float | None:
    return None if t is None else -t


def _as_t(share: float, n: int) -> float | None:
    """t of a share of the root of mean square; None for none, and where nothing would scatter."""
    scatter = 1 - share**2
    return share * math.sqrt((n - 1) / scatter) if scatter > max_t.NONE else None
