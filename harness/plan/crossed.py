"""Crossed factors: which combinations of their levels can be trained, and what these tell apart.

What `factorial` and `fractional` are made of, and what `analysis` reads again from plan.json.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from harness.config.patch import Patch
from harness.core.errors import HarnessError
from harness.plan.aliases import Alias
from harness.plan.drafts import Asked, Contrast, label
from harness.plan.factors import IGNORING, Factor
from harness.plan.linear import Levels, Pair, Term, effect, efficiency, matrix, told_apart

Run = tuple[int, ...]  # the number of each factor's level


@dataclass(frozen=True)
class Scale:
    """A factor's levels, and the number of the one that the others are compared with."""

    name: str
    title: str
    levels: tuple[str, ...]
    base: int

    def pairs(self) -> list[Pair]:
        """Each other level with the base."""
        return [(level, self.base) for level in range(len(self.levels)) if level != self.base]


@dataclass(frozen=True)
class Dropped:
    """A combination that is not trained, as factor → level."""

    levels: Mapping[str, str]
    why: str


@dataclass(frozen=True)
class Crossed:
    """What was crossed, what is left of it, and what that can tell apart."""

    scales: tuple[Scale, ...]
    cells: Mapping[str, Run]  # by cell label
    dropped: tuple[Dropped, ...]
    interactions: tuple[Term, ...]  # those that are estimated, as numbers of two factors
    efficiency: float  # D-efficiency of the model; 1 for the design as meant
    resolution: int | None = None  # of a fraction as meant
    aliases: tuple[Alias, ...] = ()

    @property
    def levels(self) -> list[int]:
        """How many each factor has."""
        return [len(scale.levels) for scale in self.scales]

    @property
    def terms(self) -> list[Term]:
        """Mean, main effects and interactions of the model."""
        return [*_main(len(self.scales)), *self.interactions]

    @property
    def lost(self) -> list[Term]:
        """The interactions of two that are not estimated."""
        every = combinations(range(len(self.scales)), 2)
        return [term for term in every if term not in self.interactions]

    def named(self, term: Term) -> str:
        """A term in words: its factors' names."""
        return " × ".join(self.scales[factor].name for factor in term)

    def renamed(self, names: Mapping[str, str]) -> "Crossed":
        """The same with other labels of cells."""
        return replace(self, cells={names[label]: run for label, run in self.cells.items()})

    def to_json(self) -> dict[str, Any]:
        """For plan.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Crossed":
        """From plan.json."""
        return cls(
            scales=tuple(
                Scale(**{**scale, "levels": tuple(scale["levels"])}) for scale in document["scales"]
            ),
            cells={name: tuple(run) for name, run in document["cells"].items()},
            dropped=tuple(Dropped(**one) for one in document["dropped"]),
            interactions=tuple(tuple(term) for term in document["interactions"]),
            efficiency=document["efficiency"],
            resolution=document["resolution"],
            aliases=tuple(Alias.from_json(one) for one in document["aliases"]),
        )


class Trained(NamedTuple):
    """The runs of a design that can be trained, by cell label, and the others."""

    cells: dict[str, list[Patch]]
    runs: dict[str, Run]
    dropped: tuple[Dropped, ...]


def scales(asked: Asked) -> tuple[Scale, ...]:
    """The factors' levels. Following is compared with ignoring; other levels with the baseline's.

    An inline factor of which no level is the baseline's is compared with its first.
    """
    found = []
    for factor in asked.factors:
        labels = tuple(level.label for level in factor.levels)
        if len(labels) < 2:
            raise HarnessError(
                f"the factor {factor.name!r} has one level, and there is nothing to cross: give it "
                "another, or put what it sets into the baseline"
            )
        base = labels.index(IGNORING) if factor.tip else _baseline(factor, asked)
        found.append(Scale(factor.name, factor.title, labels, base))
    return tuple(found)


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
    """Find out which runs, by label, can be trained, each training but once."""
    found = Trained({}, {}, ())
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
            dropped.append(Dropped({factor.name: one.label for factor, one in levels}, why))
            continue
        trained[identity] = name
        found.cells[name], found.runs[name] = patches, run
    return found._replace(dropped=tuple(dropped))


def _both_set(factors: Sequence[Factor], patches: Sequence[Patch]) -> str:
    """Why patches cannot be laid over each other: two set a knob, to different values."""
    for one, two in combinations(range(len(patches)), 2):
        for path in sorted(patches[one].keys() & patches[two].keys()):
            value = patches[one][path]
            # a relation would be applied twice
            if value != patches[two][path] or isinstance(value, Mapping):
                return f"{factors[one].name} and {factors[two].name} both set {path}"
    return ""


def told(
    found: tuple[Scale, ...], meant: Sequence[Run], trained: Trained, candidates: Sequence[Term]
) -> Crossed:
    """What is left of the runs that were meant; `candidates` are interactions to be estimated.

    Raises an error where the effect of a factor cannot be told from those of the others.
    """
    levels = [len(scale.levels) for scale in found]
    left, main = np.array(list(trained.runs.values()), dtype=np.int64), _main(len(found))
    left = left.reshape(-1, len(found))
    apart = set(told_apart(left, levels, main)) if len(left) else set()
    if lost := [found[term[0]].name for term in main if term and term not in apart]:
        why = f" (as: {trained.dropped[0].why})" if trained.dropped else ""
        raise HarnessError(
            f"{len(trained.dropped)} of {len(meant)} combinations cannot be trained{why}, and the "
            f"others cannot tell the effect of {lost[0]} from the rest: leave it out, or use "
            "design: one_at_a_time"
        )
    both = [*main, *candidates]
    kept = [term for term in told_apart(left, levels, both) if term in candidates]
    terms = [*main, *kept]
    whole = matrix(np.array(meant, dtype=np.int64), levels, terms)
    reached = efficiency(matrix(left, levels, terms), whole)
    return Crossed(found, trained.runs, trained.dropped, tuple(kept), round(reached, 6))


def _main(factors: int) -> list[Term]:
    return [(), *((factor,) for factor in range(factors))]


def weights(crossed: Crossed, term: Term, pairs: Sequence[Pair]) -> dict[str, float]:
    """An effect of the linear model as a row of weights over the cells, those of zero left out.

    Where all combinations are there, a main effect is a mean over cells less another mean.
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
