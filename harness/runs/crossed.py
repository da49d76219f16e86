"""Crossed factors as `plan.json` holds them: their levels, combinations and aliases."""

from collections.abc import Mapping
from itertools import combinations
from typing import Annotated

from pydantic import Strict

from harness.runs.record import Items, Number, Record

Term = tuple[int, ...]  # numbers of factors: (0,) a main effect, (0, 2) an interaction
Pair = tuple[int, int]  # a level, and the one that it is compared with


class Scale(Record):
    """A factor's levels, and the number of the one that the others are compared with."""

    name: str
    title: str
    levels: Items[str]
    base: int

    def pairs(self) -> list[Pair]:
        """Each other level with the base."""
        return [(level, self.base) for level in range(len(self.levels)) if level != self.base]


class Dropped(Record):
    """A combination that is not trained, as factor → level."""

    levels: Mapping[str, str]
    why: str


class Alias(Record):
    """A term, and the interactions of two that its estimate cannot be separated from."""

    term: Items[int]  # a main effect, or an interaction that is like no main effect
    # in full: with the same sign (1) or the other (-1)
    same: Items[Annotated[tuple[int, Items[int]], Strict(False)]]
    partly: int  # how many more enter by a part
    part: Number  # which, at most: the correlation


class Crossed(Record):
    """Crossed factors: the combinations that are trained, and the effects that can be separated."""

    scales: Items[Scale]
    cells: Mapping[str, Items[int]]  # by cell label: the number of each factor's level
    dropped: Items[Dropped]
    interactions: Items[Items[int]]  # those that are estimated, as numbers of two factors
    efficiency: Number  # D-efficiency of the model; 1 for the design as meant
    resolution: int | None  # of a fraction as meant
    aliases: Items[Alias]

    @property
    def levels(self) -> list[int]:
        """How many each factor has."""
        return [len(scale.levels) for scale in self.scales]

    @property
    def terms(self) -> list[Term]:
        """Mean, main effects and interactions of the model."""
        return [*main_terms(len(self.scales)), *self.interactions]

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
        return self.replaced(cells={names[label]: run for label, run in self.cells.items()})


def main_terms(factors: int) -> list[Term]:
    """The mean and the main effects of so many factors."""
    return [(), *((factor,) for factor in range(factors))]
