"""The course of a sequential study before it is trained: how many trials it may take.

Studies are simulated with normal differences and the boundaries of a Brownian motion, in place of
sign flips: fast enough for `harness plan`, and within a few trials of the looks themselves.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.analysis.repeated import nominal_levels, predictive_power
from harness.analysis.sample_size import detected_size
from harness.analysis.tails import t_above
from harness.core import rng
from harness.plan.looks import Looks, spent_on_equivalence
from harness.plan.sequential import Spread

Array = NDArray[np.floating]
Bools = NDArray[np.bool_]

STUDIES = 400  # that are simulated
LARGE, SHARE = 3.0, 3  # the assumed truth: one in three contrasts has an effect of 3 deviations
MARGIN = 0.7  # and the margin is so many deviations, as in the committed study


class Truth(NamedTuple):
    """Assumptions on a contrast, in one unit."""

    effect: float
    sd: float  # of a paired difference
    margin: float  # half-width of the region of equivalence; NaN: none


@dataclass(frozen=True)
class Course:
    """How many trials a sequential study takes, and what its first look can find."""

    looks: tuple[int, ...]
    contrasts: int
    least: int  # trials, if the first look decides everything
    expected: float
    most: int
    pilot: str  # the run that effects and scatter are from; empty: as assumed here
    first_p: float  # the smallest that the first look can give
    first_level: float  # at which it rejects
    # in deviations of a paired difference, found by it with 80 % power; None: there is none
    first_effect: float | None

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {**asdict(self), "looks": list(self.looks)}


def foresee(design: Looks, spread: Spread, truths: Sequence[Truth], pilot: str = "") -> Course:
    """The course of a study; `truths` in the order of its contrasts, none: as assumed here."""
    assumed = truths or [
        Truth(LARGE if place % SHARE == 0 else 0.0, 1.0, MARGIN)
        for place in range(design.contrasts)
    ]
    first = design.looks[0]
    level = nominal_levels(design.level(0), (design.time(first),))[0]
    return Course(
        looks=design.looks,
        contrasts=design.contrasts,
        least=len(spread.cells) * first,
        expected=float(_trials(spread, simulate(design, assumed)).mean()),
        most=len(spread.cells) * design.n_max,
        pilot=pilot,
        first_p=2.0 ** (1 - first),
        first_level=level,
        first_effect=detected_size(first, level, 1),
    )


def simulate(design: Looks, truths: Sequence[Truth], studies: int = STUDIES) -> Array:
    """At how many seeds each contrast is closed: (studies, contrasts)."""
    effect, sd, margin = np.array(truths, float).T
    draws = rng.generator(0, "course of a study").standard_normal(
        (studies, design.n_max, design.contrasts)
    )
    values = effect + sd * draws
    times = tuple(map(design.time, design.looks))
    levels = [design.level(place) for place in range(design.contrasts)]
    different = np.array([nominal_levels(level, times) for level in levels])  # (levels, looks)
    alike = np.array([[level * spent_on_equivalence(t, level) for t in times] for level in levels])
    closed = np.full((studies, design.contrasts), float(design.n_max))
    still = np.ones(closed.shape, bool)
    rejected = np.zeros((2, studies), int)
    for look, n in enumerate(design.looks[:-1]):
        part = values[:, :n]
        mean, error = part.mean(1), part.std(1, ddof=1) / np.sqrt(n)
        p = 2 * t_above(np.abs(mean) / error, n - 1)
        outside = np.maximum(*(t_above((margin + s * mean) / error, n - 1) for s in (1, -1)))
        decided = _holm(p, different[:, look], still, rejected[0])
        decided |= _holm(np.nan_to_num(outside, nan=1.0), alike[:, look], still & ~decided,
                         rejected[1])  # fmt: skip
        power = predictive_power(design, n, mean, part.std(1, ddof=1), margin)
        decided |= still & (power < design.futility)
        closed[still & decided] = n
        still &= ~decided
    return closed


def _holm(p: Array, levels: Array, still: Bools, rejected: NDArray[np.int_]) -> Bools:
    """Which contrasts are rejected (studies, contrasts); `rejected` counts them, in place."""
    hits = np.zeros(still.shape, bool)
    for _ in levels:
        level = levels[np.minimum(rejected, len(levels) - 1)]
        now = still & ~hits & (p <= level[:, np.newaxis])
        hits |= now
        rejected += now.sum(1)
    return hits


def _trials(spread: Spread, closed: Array) -> Array:
    """Trials of each study, of whose contrasts these numbers of seeds were trained."""
    longest: Array = closed.max(1)
    if spread.shared:
        longest *= len(spread.cells)
        return longest
    names = list(spread.contrasts)
    total = longest.copy()  # of the reference
    for cell in spread.cells[1:]:
        places = [names.index(name) for name in names if cell in spread.contrasts[name]]
        total += closed[:, places].max(1)
    return total
