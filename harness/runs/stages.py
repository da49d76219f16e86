"""How the trials of a plan follow from one another, as `plan.json` holds it.

A plan is static, tuned, searched or sequential. Each kind answers the questions of readers of a
plan (`PlanRecord.stages`); `harness.plan.stages` answers those of a run that trains one.
"""

from collections.abc import Mapping
from typing import Any

from harness.core import format as show
from harness.runs.record import Items, Number, Record


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
    def ended(self) -> bool:
        """Whether no decision is to come, after which there might be more to train."""
        return self.left == 0

    @property
    def gives_up(self) -> bool:
        """Whether a trial that a pruner stopped has ended, and is not a gap."""
        return False

    @property
    def balanced(self) -> bool:
        """Whether all cells of the ranking are planned with the same seeds."""
        return True

    @property
    def standing(self) -> str:
        """How far its decisions are, for views; empty where there is none to make."""
        return ""

    @property
    def declared(self) -> Mapping[str, Any]:
        """Additions to the declared analysis: name → value, as people read it."""
        return {}

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

    @property
    def ended(self) -> bool:
        """Whether the points are chosen."""
        return bool(self.chosen)

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

    @property
    def balanced(self) -> bool:
        """A sampler may ask for anything."""
        return False

    def resumes(self, other: "Search") -> bool:
        """Whether what was suggested under `other` counts here, too."""
        return other.replaced(trials=self.trials, suggestions=self.suggestions) == self

    def added(self, suggestion: Suggestion) -> "Search":
        """With one more suggestion."""
        return self.replaced(suggestions=(*self.suggestions, suggestion))


OPEN = "open"  # the state of a contrast that no look has closed


class SeenRecord(Record):
    """A contrast at a look: the differences that it saw, frozen, and its decision."""

    differences: Items[Number | None]  # one a seed of the look; None: the seed has no value
    failed: Items[bool]  # where a side diverged, so that the difference holds its failure value
    identity: str | None  # the metric identity of the differences
    margin: Number | None  # half-width of the region of equivalence
    decision: Mapping[str, Any]  # fields of `analysis.sequential.Decision`
    reason: str = ""  # why it was closed, where that was not by its differences

    @property
    def state(self) -> str:
        """Open, or how it was closed."""
        return str(self.decision["state"])


class LookRecord(Record):
    """One look at a sequential study; it is never written again."""

    seeds: Items[int]  # up to now, those of earlier looks first
    contrasts: Mapping[str, SeenRecord]  # those that were open, by name


class LooksRecord(Stages):
    """The declaration of a stopping rule, and the looks that were taken so far."""

    alpha: Number
    contrasts: Items[str]  # all of the study
    seeds: Items[int]  # all that may be trained, in their order
    planned: Items[int]  # numbers of seeds at which it is looked at
    futility: Number
    taken: Items[LookRecord] = ()
    seeds_of: str = ""  # the run whose looks its seeds follow from: it only scores those trials

    @property
    def open(self) -> tuple[str, ...]:
        """The contrasts that no look has closed."""
        closed = self.closed
        return tuple(name for name in self.contrasts if name not in closed)

    @property
    def closed(self) -> Mapping[str, int]:
        """Contrast → at how many seeds a look closed it."""
        return {
            name: len(look.seeds)
            for look in self.taken
            for name, seen in look.contrasts.items()
            if seen.state != OPEN
        }

    @property
    def ended(self) -> bool:
        """Whether there is no further look to take."""
        return bool(self.seeds_of) or len(self.taken) == len(self.planned) or not self.open

    @property
    def last(self) -> Mapping[str, SeenRecord]:
        """Contrast → what the last look that it was open at has seen."""
        return {name: seen for look in self.taken for name, seen in look.contrasts.items()}

    @property
    def balanced(self) -> bool:
        """The cells of closed contrasts get no further seeds."""
        return False

    @property
    def standing(self) -> str:
        """The looks that were taken, and the contrasts that are open."""
        if self.seeds_of:
            return f"seeds by the looks of {self.seeds_of}"
        number, names = len(self.taken), len(self.contrasts)
        left = f"{len(self.open)} of {show.count(names, 'contrast')}"
        if number and self.ended:
            return f"ended at look {number} of {len(self.planned)}, {left} undecided"
        at = f"at {self.planned[number]} seeds"
        return f"look {number + 1} of {len(self.planned)} {at}, {left} open"

    @property
    def declared(self) -> Mapping[str, Any]:
        """Seeds of the looks and the limit of futility."""
        at = ", ".join(map(str, self.planned))
        return {"sequential": f"looks at {at} seeds, futility {show.plain(self.futility)}"}

    def added(self, look: LookRecord) -> "LooksRecord":
        """With one more look."""
        return self.replaced(taken=(*self.taken, look))
