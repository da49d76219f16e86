"""What plans that are trained in stages hold besides: a tuning's points, a search's suggestions."""

from collections.abc import Mapping
from typing import Any

from harness.runs.record import Items, Record


class TuningRecord(Record):
    """Which cells are trained to choose a point of a grid, and what was chosen; labels only."""

    seeds: Items[int]  # on which points are tried; none of them judges
    points: Mapping[str, Mapping[str, str]]  # judged cell → point → the cell at that point
    chosen: Mapping[str, str]  # judged cell → point; empty: not yet
    untuned: Mapping[str, str]  # judged cell → the cell as the study writes it


class Suggestion(Record):
    """Where a sampler wants to look; nothing is trained where it is refused."""

    params: Mapping[str, Any]  # knob → value, factor → label of a level
    cell: str  # its label; that of an earlier one which trains the same; empty: refused
    refused: str  # why; empty: it is not


class Search(Record):
    """The declaration of a search, and what has been suggested so far."""

    layers: Items[Mapping[str, Any]]  # patches under every suggestion
    space: Mapping[str, Mapping[str, Any]]  # name → low, high, log, step, whole; or choices
    factors: Mapping[str, Mapping[str, Mapping[str, Any]]]  # of those: label of a level → patch
    trials: int  # how many may be suggested
    sampler: str
    pruner: str
    seed: int
    suggestions: Items[Suggestion]

    @property
    def left(self) -> int:
        """How many more may be suggested."""
        return self.trials - sum(not item.refused for item in self.suggestions)

    def resumes(self, other: "Search") -> bool:
        """Whether what was suggested under `other` counts here, too."""
        return other.replaced(trials=self.trials, suggestions=self.suggestions) == self

    def added(self, suggestion: Suggestion) -> "Search":
        """With one more suggestion."""
        return self.replaced(suggestions=(*self.suggestions, suggestion))
