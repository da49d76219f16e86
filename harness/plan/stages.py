"""How the trials of a plan follow from one another: static, tuned, searched or sequential.

A run trains what is `due`, then what follows once the results have `decided`, until nothing is to
be decided. Views of a run show the plan as it has `grown` so far, and decide nothing.
Workers may add trials, too, while they train: see `harness.runs.stages`, whose records answer the
questions of readers of a plan. A further kind is one class here, and one there if it is recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.config.plugins import activate
from harness.core.errors import HarnessError
from harness.plan.cells import Cell, Trial, seed_major
from harness.plan.results import Results
from harness.plan.search import suggested_cells
from harness.plan.sequential import trained, untaken
from harness.plan.tuning import Tuning, tuned
from harness.runs.stages import LooksRecord, Search, Stages

if TYPE_CHECKING:
    from harness.plan.expand import Plan


class Static:
    """All trials follow from the study file."""

    @property
    def record(self) -> Stages:
        """The stages as a record."""
        return Stages()

    @property
    def fields(self) -> Mapping[str, Any]:
        """Where the record of the plan holds them: field → value."""
        return {}

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Cells that are trained in addition to those of the ranking."""
        return ()

    @property
    def choosing(self) -> tuple[Trial, ...]:
        """Trials that are trained first, and only to choose the others."""
        return ()

    @property
    def chosen(self) -> Mapping[str, str]:
        """Cell → what was chosen for it."""
        return {}

    def due(self, plan: "Plan") -> tuple[Trial, ...]:
        """The trials of a plan that can be trained now."""
        return plan.trials

    def undecided(self, plan: "Plan") -> int:
        """Upper bound of the trials that follow once those that are due have ended."""
        return len(self.further(plan))

    def further(self, plan: "Plan") -> tuple[Trial, ...]:
        """The trials that follow at most, as far as they are known."""
        del plan
        return ()

    def first(self, seeds: Sequence[int]) -> Sequence[int]:
        """Of the declared seeds, those that all cells are trained with whatever comes of it."""
        return seeds

    def seeds(self, trials: Sequence[Trial]) -> list[int]:
        """The seeds of the ranking, whose trials these are so far."""
        return sorted({trial.seed for trial in trials})

    def grown(self, plan: "Plan", results: Results) -> "Plan":
        """The plan with what its results so far decide; the plan itself if that is nothing."""
        del results
        return plan

    def decides(self, plan: "Plan") -> bool:
        """Whether results are still to decide something."""
        return self.undecided(plan) > 0

    def decided(self, plan: "Plan", results: Results) -> "Plan":
        """The plan with what is decided now, to be written before anything follows from it.

        `grown` where that follows from the record at any time; the plan itself if it is nothing.
        """
        return self.grown(plan, results)

    def like(self, plan: "Plan", other: "Plan", cache: Path) -> "Plan":
        """The plan with what was decided for `other`, which trains the same study."""
        del other, cache
        return plan

    def lines(self) -> list[str]:
        """A summary for people, a sentence a line."""
        return []


@dataclass(frozen=True)
class Tuned(Static):
    """All cells at all points of a grid first, then each cell at its best point."""

    tuning: Tuning

    @property
    def record(self) -> Stages:
        """Labels of points and cells."""
        return self.tuning.record()

    @property
    def fields(self) -> Mapping[str, Any]:
        """`tuning` of `PlanRecord`."""
        return {"tuning": self.record}

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Points, then untuned cells."""
        return self.tuning.cells

    @property
    def choosing(self) -> tuple[Trial, ...]:
        """The trials of the points."""
        return self.tuning.trials

    @property
    def chosen(self) -> Mapping[str, str]:
        """Cell → point; empty: not yet."""
        return self.tuning.chosen

    def due(self, plan: "Plan") -> tuple[Trial, ...]:
        """Until points are chosen, only the trials that choose."""
        return plan.trials if self.chosen else self.choosing

    def undecided(self, plan: "Plan") -> int:
        """The trials of all cells that may be chosen another point than their own."""
        if self.chosen:
            return 0
        return len(plan.seeds) * sum(len(points) > 1 for points in self.tuning.points.values())

    def grown(self, plan: "Plan", results: Results) -> "Plan":
        """The plan at the best points, once all are known."""
        chosen = {} if self.chosen else results.chosen(plan.record())
        return self.at(plan, chosen) if chosen else plan

    def like(self, plan: "Plan", other: "Plan", cache: Path) -> "Plan":
        """The plan at the points of `other`."""
        del cache
        if not other.stages.chosen:
            again = other.record().command("run")
            raise HarnessError(f"{plan.file.name}: tuning has not finished; to finish it: {again}")
        return self.at(plan, other.stages.chosen)

    def at(self, plan: "Plan", chosen: Mapping[str, str]) -> "Plan":
        """The plan with its cells at these points (cell → point), and the untuned cells."""
        cells, tuning = tuned(plan.cells, self.tuning, chosen)
        judging = seed_major([*cells, *tuning.untuned.values()], plan.seeds)
        return replace(
            plan, cells=tuple(cells), trials=(*tuning.trials, *judging), stages=Tuned(tuning)
        )


@dataclass(frozen=True)
class Searched(Static):
    """The reference, and cells that a sampler suggests one after another."""

    search: Search

    @property
    def record(self) -> Stages:
        """Space and suggestions."""
        return self.search

    @property
    def fields(self) -> Mapping[str, Any]:
        """`search` of `PlanRecord`."""
        return {"search": self.search}

    def grown(self, plan: "Plan", results: Results) -> "Plan":
        """The plan with what workers have added to `plan.json`."""
        written = results.written(plan.run_name)
        before = written.search if written else None
        if before is None or not self.search.resumes(before):
            return plan
        if len(before.suggestions) <= len(self.search.suggestions):
            return plan
        search = self.search.replaced(suggestions=before.suggestions)
        return self.suggested(plan, search, results.cache)

    def like(self, plan: "Plan", other: "Plan", cache: Path) -> "Plan":
        """The plan with the suggestions of `other`, and no further ones."""
        made = other.record().search
        if made is None:
            return plan
        count = sum(not item.refused for item in made.suggestions)
        search = self.search.replaced(suggestions=made.suggestions, trials=count)
        return self.suggested(plan, search, cache)

    def suggested(self, plan: "Plan", search: Search, cache: Path) -> "Plan":
        """The plan with the cells of all suggestions of `search`."""
        activate(plan.file.modules)  # another study may have been read since
        reference = plan.cells[0]
        cells = (reference, *suggested_cells(search, reference.config, cache))
        trials = seed_major(cells, plan.seeds)
        return replace(plan, cells=cells, trials=trials, stages=Searched(search))

    def lines(self) -> list[str]:
        """How many were suggested, and by what."""
        search = self.search
        refused = sum(bool(item.refused) for item in search.suggestions)
        return [
            f"Search by {search.sampler}: {len(search.suggestions) - refused} of {search.trials} "
            f"suggested, {refused} refused by the rules; pruner: {search.pruner}"
        ]


@dataclass(frozen=True)
class Sequential(Static):
    """All cells up to the first look, then those of the contrasts that looks leave open."""

    looks: LooksRecord

    @property
    def record(self) -> Stages:
        """The declaration, and the looks that were taken."""
        return self.looks

    @property
    def fields(self) -> Mapping[str, Any]:
        """`looks` of `PlanRecord`."""
        return {"looks": self.looks}

    def first(self, seeds: Sequence[int]) -> Sequence[int]:
        """Those up to the first look."""
        del seeds
        return self.looks.seeds[: self.looks.planned[0]]

    def seeds(self, trials: Sequence[Trial]) -> list[int]:
        """All that it may train."""
        del trials
        return list(self.looks.seeds)

    def further(self, plan: "Plan") -> tuple[Trial, ...]:
        """The trials that follow if no further look closes anything."""
        return untaken(plan, self.looks)

    def decides(self, plan: "Plan") -> bool:
        """Whether a look is to be taken."""
        del plan
        return not self.looks.ended

    def grown(self, plan: "Plan", results: Results) -> "Plan":
        """The plan after the looks in its record."""
        written = results.written(plan.run_name)
        looks = written.looks if written else None
        if looks is None or len(looks.taken) <= len(self.looks.taken):
            return plan
        return self.at(plan, looks)

    def decided(self, plan: "Plan", results: Results) -> "Plan":
        """The plan after one more look, which another run of it may have taken."""
        after = self.grown(plan, results)
        if after is not plan or self.looks.ended or not results.ended(plan):
            return after
        return self.at(plan, self.looks.added(results.look(plan.record())))

    def like(self, plan: "Plan", other: "Plan", cache: Path) -> "Plan":
        """The plan with the trials of `other`; no looks are taken of them by another metric."""
        del cache
        known = {(trial.cell.label, trial.seed) for trial in other.trials}
        every = seed_major(plan.cells, self.looks.seeds)
        trials = tuple(trial for trial in every if (trial.cell.label, trial.seed) in known)
        looks = self.looks.replaced(seeds_of=other.run_name)
        return replace(plan, trials=trials, stages=Sequential(looks))

    def at(self, plan: "Plan", looks: LooksRecord) -> "Plan":
        """The plan after these looks."""
        return replace(plan, trials=trained(plan, looks), stages=Sequential(looks))

    def lines(self) -> list[str]:
        """How far its decisions are."""
        return [f"Sequential: {self.looks.standing}"]


def study_stages(
    tuning: Tuning | None, search: Search | None, looks: LooksRecord | None = None
) -> Static:
    """The stages that a study declares; it cannot declare two kinds."""
    if tuning:
        return Tuned(tuning)
    if looks:
        return Sequential(looks)
    return Searched(search) if search else Static()
