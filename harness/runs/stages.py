"""How the trials of a plan follow from one another, as `plan.json` holds it.

A plan is static, tuned or searched. Each kind answers the questions of readers of a plan
(`PlanRecord.stages`); `harness.plan.stages` answers those of a run that trains one.
"""

from collections.abc import Mapping
from typing import Any

from harness.runs.record import Items, Record


class Stages(Record):
    """A static plan: all trials follow from the study file, and every cell is judged."""

    @property
    def left(self) -> int:
        """How many more trials the workers may add to the plan while they train."""
        return 0

    @property
    def grows(self) -> bool:
        """Whether workers add trials while they train, so that `plan.json` is to be read again."""
        return False

    @property
    def gives_up(self) -> bool:
        """Whether a trial that a pruner stopped has ended, and is not a gap."""
        return False

    def is_judged(self, label: str) -> bool:
        """Whether the ranking is made of a cell; the others only serve to choose."""
        del label
        return True


class TuningRecord(Stages):
    """Which cells are trained to choose a point of a grid, and what was chosen; labels only."""

    seeds: Items[int]  # on which points are tried; none of them judges
    points: Mapping[str, Mapping[str, str]]  # judged cell → point → the cell at that point
    chosen: Mapping[str, str]  # judged cell → point; empty: not yet
    untuned: Mapping[str, str]  # judged cell → the cell as the study writes it

    def is_judged(self, label: str) -> bool:
        """Whether a cell is one of the study, rather than a point of the grid or untuned."""
        return label in self.points


class Suggestion(Record):
    """Where a sampler wants to look; nothing is trained where it is refused."""

    params: Mapping[str, Any]  # knob → value, factor → label of a level
    cell: str  # its label; that of an earlier one which trains the same; empty: refused
    refused: str  # why; empty: it is not


class Search(Stages):
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
        """How many more may be suggested; none where the study file now asks for fewer."""
        return max(0, self.trials - sum(not item.refused for item in self.suggestions))

    @property
    def grows(self) -> bool:
        """Each suggestion follows from the trials before it."""
        return True

    @property
    def gives_up(self) -> bool:
        """A pruned trial has ended, as its outcome goes to the sampler."""
        return True

    def resumes(self, other: "Search") -> bool:
        """Whether what was suggested under `other` counts here, too."""
        return other.replaced(trials=self.trials, suggestions=self.suggestions) == self

    def added(self, suggestion: Suggestion) -> "Search":
        """With one more suggestion."""
        return self.replaced(suggestions=(*self.suggestions, suggestion))
