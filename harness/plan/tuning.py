"""Tuning: each cell at all points of a grid, on separate seeds.

A plan with tuning is trained in two stages. In the first, `chosen` is empty, a cell's label means
the untuned cell, and only the trials of the points are due. Their results decide the second stage:
a cell's label means the cell at its chosen point, and if that differs from the untuned cell, both
are trained on the study's seeds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from harness.config.identity import metric_request
from harness.config.patch import Patch, flatten
from harness.config.study import StudyFile
from harness.config.trial import TrialConfig
from harness.config.tune import Tune
from harness.core.errors import HarnessError
from harness.plan.cells import Cell, Trial, difference, seed_major
from harness.plan.factors import inline
from harness.runs.stages import TuningRecord

UNTUNED = " untuned"  # after a cell's label
At = Callable[[str, str, list[Patch]], TrialConfig]


@dataclass(frozen=True)
class Tuning:
    """The points and seeds of a tuning, and the chosen points."""

    seeds: tuple[int, ...]
    points: Mapping[str, Mapping[str, Cell]]  # cell → point → the cell at that point
    chosen: Mapping[str, str] = field(default_factory=dict)  # cell → point; empty: not yet
    untuned: Mapping[str, Cell] = field(default_factory=dict)  # cell → as written, if it differs

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Cells that are trained in addition to those of the ranking: points, then untuned ones."""
        points = (cell for points in self.points.values() for cell in points.values())
        return (*points, *self.untuned.values())

    @property
    def trials(self) -> tuple[Trial, ...]:
        """The tuning trials, seed-major; a cell with a single point has none."""
        several = [points for points in self.points.values() if len(points) > 1]
        cells = [cell for points in several for cell in points.values()]
        return seed_major(cells, self.seeds)

    def record(self) -> TuningRecord:
        """For `plan.json`: labels of cells only."""
        return TuningRecord(
            seeds=self.seeds,
            points={
                label: {point: cell.label for point, cell in points.items()}
                for label, points in self.points.items()
            },
            chosen=dict(self.chosen),
            untuned={
                label: self.untuned[label].label if label in self.untuned else label
                for label in self.points
            },
        )


def study_tuning(file: StudyFile, cells: Sequence[Cell], at: At) -> Tuning | None:
    """The points of every cell; None if the study does not tune.

    `at(cell, name, patches)` resolves a cell with patches applied before its factor: the factor can
    override them, and multiples follow. Points that train the same are merged.
    """
    tune = file.study.tune
    if tune is None:
        return None
    where = file.document.where("tune", "values")
    points = {cell.label: _points(_grid(file, tune), cell, at, where) for cell in cells}
    if all(len(of_cell) < 2 for of_cell in points.values()):
        raise HarnessError(
            f"{where}: the values have no effect in any cell, so there is nothing to tune"
        )
    return Tuning(tuple(tune.seeds), points)


def _points(grid: Mapping[str, list[Patch]], cell: Cell, at: At, where: str) -> dict[str, Cell]:
    points: dict[str, Cell] = {}
    for point, patches in grid.items():
        name = f"{cell.label} at {point}"
        config = at(cell.label, name, patches)
        if metric_request(config) != metric_request(cell.config):
            raise HarnessError(
                f"{where}: {point} changes the evaluation; tune settings of the training only"
            )
        at_point = Cell(name, config, difference(config, flatten(cell.config)))
        if at_point.identity not in {other.identity for other in points.values()}:
            points[point] = at_point
    return points


def _grid(file: StudyFile, tune: Tune) -> dict[str, list[Patch]]:
    """Label of a point → its patches: all values combined, in the order of the file."""
    axes = [
        inline(name, levels, file.document.where("tune", "values", name))
        for name, levels in tune.values.items()
    ]
    for number, axis in enumerate(axes):
        for other in axes[:number]:
            if both := axis.paths & other.paths:
                where = file.document.where("tune", "values", axis.name)
                raise HarnessError(f"{where}: {min(both)} is also set by {other.name!r}")
    return {
        ", ".join(f"{axis.name}={level.label}" for axis, level in zip(axes, point, strict=True)): [
            level.patch for level in point
        ]
        for point in product(*(axis.levels for axis in axes))
    }


def tuned(
    cells: Sequence[Cell], tuning: Tuning, chosen: Mapping[str, str]
) -> tuple[list[Cell], Tuning]:
    """The cells at their chosen points, the reference first, and the tuning with its choice."""
    at = [
        replace(tuning.points[cell.label][chosen[cell.label]], label=cell.label) for cell in cells
    ]
    untuned = {
        before.label: replace(before, label=f"{before.label}{UNTUNED}")
        for before, after in zip(cells, at, strict=True)
        if before.identity != after.identity
    }
    reference = flatten(at[0].config)
    judged = [replace(cell, patch=difference(cell.config, reference)) for cell in at]
    return judged, replace(tuning, chosen=chosen, untuned=untuned)
