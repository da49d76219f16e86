"""Which looks at a contrast reject which of its hypotheses, by sign flips and error spending.

Under a null hypothesis a contrast's differences (plus or minus the margin, for equivalence) are
symmetric about zero, so what was observed is one of equally likely sign patterns, over all looks
together. Of these, at most the share of the level that is spent by a look may have crossed a
boundary by then (Lan & DeMets 1983). So each test is exact at its level, however a study stops.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.analysis.max_t import Array
from harness.core import rng
from harness.plan.looks import Looks, first_look, spent_on_difference, spent_on_equivalence

Ints = NDArray[np.int64]

NEVER = -1  # no look rejects
_ROWS = 20_000  # sign patterns, at least
_CHUNK = 1 << 22  # numbers of the statistics that are held at once
_TIE = 1e-9  # of a share in [0, 1]: what differs by less differs by rounding
_ROUNDING = 1e-9  # relative, of a budget


@dataclass(frozen=True)
class Rejections:
    """When one kind of hypothesis is rejected, at each of Holm's levels, from alpha / k to alpha.

    A statistic is a share in [-1, 1], sum / (n × root of mean square): it orders as t does.
    """

    crossed: Ints  # (contrasts, levels): index of the first look that rejects; NEVER
    boundaries: Array  # (contrasts, levels, looks): the smallest share rejected; NaN: none is


@dataclass(frozen=True)
class Crossings:
    """The tests of all contrasts over all looks; closed ones are left out, and reject nothing."""

    difference: Rejections  # of |share|
    above: Rejections  # of x + margin: that the mean is above −margin
    below: Rejections  # of margin − x: that the mean is below +margin

    @property
    def equivalence(self) -> Ints:
        """The look by which both sides are rejected, not necessarily at the same one."""
        above, below = self.above.crossed, self.below.crossed
        return np.where((above < 0) | (below < 0), NEVER, np.maximum(above, below))


def crossings(
    design: Looks, seen: Sequence[Array], margins: Array, columns: Sequence[int]
) -> Crossings:
    """Test the contrasts `columns` at all looks that were seen (see `sequential.decide`).

    Some contrasts at a time, so memory is bounded.
    """
    flips = _flips(first_look(design.alpha, design.contrasts, design.n_max), len(seen[-1]))
    shape = (design.contrasts, design.contrasts)
    tests = Crossings(*(_none(shape, len(seen)) for _ in range(3)))
    step = max(1, _CHUNK // (3 * len(seen) * flips.shape[1]))
    for start in range(0, len(columns), step):
        part = list(columns[start : start + step])
        shares = [_shares(look[:, part], margins[part], flips[: len(look)]) for look in seen]
        for place, column in enumerate(part):
            budgets = _budgets(design, [look[:, column] for look in seen], flips.shape[1])
            kinds = (tests.difference, tests.above, tests.below)
            for kind, test in enumerate(kinds if margins[column] > 0 else kinds[:1]):
                path = _path([look[kind, place] for look in shares], budgets[min(kind, 1)])
                test.crossed[column], test.boundaries[column] = path
    return tests


def _none(shape: tuple[int, int], looks: int) -> Rejections:
    return Rejections(np.full(shape, NEVER), np.full((*shape, looks), np.nan))


@lru_cache(maxsize=2)
def _flips(first: int, seeds: int) -> Array:
    """Signs (seeds, rows), what was observed in row 0; more seeds only add to them.

    The first columns, as many as the smallest look that can reject, hold all patterns equally
    often: of random ones, those that are as extreme as any come up too often in a third of draws,
    and nothing could be rejected there.
    """
    patterns = 1 << first
    rows = patterns * math.ceil(_ROWS / patterns)
    signs = np.empty((seeds, rows))
    for column in range(seeds):
        if column < first:
            negative = np.arange(rows) >> column & 1
        else:
            negative = rng.generator(0, "signs of looks", column).integers(0, 2, rows)
        signs[column] = 1.0 - 2.0 * negative
    signs[:, 0] = 1.0
    signs.setflags(write=False)
    return signs


def _shares(differences: Array, margins: Array, flips: Array) -> Array:
    """The three statistics of each contrast under each flip: (3, contrasts, rows)."""
    margins = np.nan_to_num(margins)
    kinds = (differences, differences + margins, margins - differences)
    shares = np.stack([_scaled(values.T) for values in kinds]) @ flips
    np.abs(shares[0], out=shares[0])
    return shares


def _scaled(values: Array) -> Array:
    """Values (contrasts, seeds) of which each sum is a share; 0 for those that are missing.

    Signs change neither their number nor their mean square.
    """
    n = np.isfinite(values).sum(1, keepdims=True)
    values = np.nan_to_num(values)
    largest = np.abs(values).max(1, keepdims=True)
    values = values / np.where(largest > 0, largest, 1.0)
    size = np.sqrt(n * (values**2).sum(1, keepdims=True))
    return values / np.where(size > 0, size, 1.0)


def _budgets(design: Looks, values: Sequence[Array], rows: int) -> tuple[Ints, Ints]:
    """How many rows may have crossed by each look, (looks, levels): *different*, *equivalent*.

    A contrast's time is the share of seeds that it has, so one that lacks seeds spends less.
    """
    times = [design.time(n) for n in np.maximum.accumulate([_counted(each) for each in values])]
    levels = [design.level(rejected) for rejected in range(design.contrasts)]
    shares = (
        [[level * spent_on_difference(t) for level in levels] for t in times],
        [[level * spent_on_equivalence(t, level) for level in levels] for t in times],
    )
    different, equivalent = (
        np.floor(np.array(share) * rows * (1 + _ROUNDING)).astype(np.int64) for share in shares
    )
    return different, equivalent


def _counted(values: Array) -> int:
    """How many differences a contrast has; one is as good as none, for it has no scatter."""
    n = int(np.isfinite(values).sum())
    return n if n > 1 else 0


def _path(shares: Sequence[Array], budgets: Ints) -> tuple[Ints, Array]:
    """When row 0 crosses, (levels,), and the smallest share that does, (levels, looks).

    At each look those rows cross that have not crossed yet and are among the largest, as many as
    the budget has left. Where equal values lie across that cut, none of them crosses. No level has
    a boundary below that of a larger level, which may have spent more of its budget earlier: so
    what is rejected at a level is rejected at all larger ones, as Holm's procedure requires.
    """
    levels = budgets.shape[1]
    crossed = np.zeros((levels, len(shares[0])), bool)
    spent = [0] * levels
    first = np.full(levels, NEVER)
    boundaries = np.full((levels, len(shares)), np.nan)
    for look, values in enumerate(shares):
        budget = budgets[look].tolist()
        most = budget[-1] + 1  # the largest level has the largest budget
        top = np.argpartition(values, -most)[-most:]
        top = top[np.argsort(values[top])[::-1]]
        largest = values[top]
        limit = -math.inf
        for level in reversed(range(levels)):
            if budget[level] <= spent[level]:
                break
            # of so many and one, at most as many as are spent have crossed already
            alive = np.flatnonzero(~crossed[level, top[: budget[level] + 1]])
            too_many = largest[alive[budget[level] - spent[level]]]
            limit = max(limit, too_many + _TIE)
            new = alive[largest[alive] > limit]
            if len(new):
                crossed[level, top[new]] = True
                spent[level] += len(new)
                boundaries[level, look] = largest[new[-1]]
        first[(first < 0) & crossed[:, 0]] = look
        if (first >= 0).all():  # no later look can reject more
            break
    return first, boundaries
