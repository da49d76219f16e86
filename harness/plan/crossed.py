"""Crossed factors: the combinations that can be trained, and the effects that they estimate.

What `factorial` and `fractional` are made of, and what `runs.crossed` keeps of them in plan.json.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from harness.config.patch import Patch
from harness.core.errors import HarnessError
from harness.plan.drafts import Asked, Contrast, label
from harness.plan.factors import IGNORING, Factor
from harness.plan.linear import Levels, effect, efficiency, matrix, told_apart
from harness.runs.crossed import Crossed, Dropped, Pair, Scale, Term, main_terms

Run = tuple[int, ...]  # the number of each factor's level


class Trained(NamedTuple):
    """The combinations of a design that can be trained, by cell label, and the others."""

    cells: dict[str, list[Patch]]
    runs: dict[str, Run]
    dropped: tuple[Dropped, ...]


def scales(asked: Asked) -> tuple[Scale, ...]:
    """The factors' levels. Following is compared with ignoring; other levels with the baseline's.

    An inline factor of which no level is the baseline's is compared with its first.
    """
    made = []
    for factor in asked.factors:
        labels = tuple(level.label for level in factor.levels)
        if len(labels) < 2:
            raise HarnessError(
                f"the factor {factor.name!r} has only one level: give it another, or move its "
                "settings into the baseline"
            )
        base = labels.index(IGNORING) if factor.tip else _baseline(factor, asked)
        made.append(Scale(name=factor.name, title=factor.title, levels=labels, base=base))
    return tuple(made)


def _baseline(factor: Factor, asked: Asked) -> int:
    reference = asked.trains([])
    for number, level in enumerate(factor.levels):
        try:
            if asked.trains([level.patch]) == reference:
                return number
        except HarnessError:
            continue  # another factor's level may make it legal
    return 0


def train(asked: Asked, runs: Mapping[str, Run]) -> Trained:
    """The combinations that can be trained, without duplicates."""
    kept = Trained({}, {}, ())
    dropped: list[Dropped] = []
    trained: dict[str, str] = {}  # what a run trains → its label
    for name, run in runs.items():
        chosen = [factor.levels[level] for factor, level in zip(asked.factors, run, strict=True)]
        patches = [level.patch for level in chosen]
        try:
            why = _both_set(asked.factors, patches)
            identity = "" if why else asked.trains(patches)
        except HarnessError as error:
            why = str(error)
        if not why and identity in trained:
            why = f"trains the same as {trained[identity]}"
        if why:
            levels = zip(asked.factors, chosen, strict=True)
            labels = {factor.name: one.label for factor, one in levels}
            dropped.append(Dropped(levels=labels, why=why))
            continue
        trained[identity] = name
        kept.cells[name], kept.runs[name] = patches, run
    return kept._replace(dropped=tuple(dropped))


def _both_set(factors: Sequence[Factor], patches: Sequence[Patch]) -> str:
    """Why patches cannot be combined: two set a knob to different values."""
    for one, two in combinations(range(len(patches)), 2):
        for path in sorted(patches[one].keys() & patches[two].keys()):
            value = patches[one][path]
            # a relation would be applied twice
            if value != patches[two][path] or isinstance(value, Mapping):
                return f"{factors[one].name} and {factors[two].name} both set {path}"
    return ""


def told(
    factors: tuple[Scale, ...], meant: Sequence[Run], trained: Trained, candidates: Sequence[Term]
) -> Crossed:
    """The crossed design after dropping combinations; `candidates` are interactions to estimate.

    Raises an error if the effect of a factor cannot be estimated.
    """
    levels = [len(scale.levels) for scale in factors]
    left, main = np.array(list(trained.runs.values()), dtype=np.int64), main_terms(len(factors))
    left = left.reshape(-1, len(factors))
    apart = set(told_apart(left, levels, main)) if len(left) else set()
    if lost := [factors[term[0]].name for term in main if term and term not in apart]:
        why = f" (as: {trained.dropped[0].why})" if trained.dropped else ""
        raise HarnessError(
            f"{len(trained.dropped)} of {len(meant)} combinations cannot be trained{why}; with "
            f"the others, the effect of {lost[0]} cannot be estimated: leave it out, or use "
            "design: one_at_a_time"
        )
    both = [*main, *candidates]
    kept = [term for term in told_apart(left, levels, both) if term in candidates]
    terms = [*main, *kept]
    whole = matrix(np.array(meant, dtype=np.int64), levels, terms)
    reached = efficiency(matrix(left, levels, terms), whole)
    return Crossed(
        scales=factors,
        cells=trained.runs,
        dropped=trained.dropped,
        interactions=tuple(kept),
        efficiency=round(reached, 6),
        resolution=None,
        aliases=(),
    )


def weights(crossed: Crossed, term: Term, pairs: Sequence[Pair]) -> dict[str, float]:
    """An effect of the linear model as weights over the cells, without zeros.

    If all combinations are present, a main effect is a difference of two means over cells.
    """
    runs: Levels = np.array(list(crossed.cells.values()), dtype=np.int64)
    columns = matrix(runs, crossed.levels, crossed.terms)
    row = effect(crossed.levels, crossed.terms, term, pairs) @ np.linalg.pinv(columns)
    rounded = zip(crossed.cells, row.round(12).tolist(), strict=True)
    return {name: weight for name, weight in rounded if weight}


def contrasts(asked: Asked, crossed: Crossed, design: str) -> Iterator[Contrast]:
    """The main effects: following − ignoring of a tip, each level less the base of another."""
    for number, (factor, scale) in enumerate(zip(asked.factors, crossed.scales, strict=True)):
        for comparison in scale.pairs():
            row = weights(crossed, (number,), [comparison])
            name = title = label(factor, scale.levels[comparison[0]])
            if factor.tip:
                name, title = factor.name, factor.title
            yield Contrast(name, title, row, design, factor.name, factor.tip)
