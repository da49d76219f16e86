"""The sample grids of a report: of each cell and seed, the earliest first."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.analysis.frame import each_row
from harness.core import format as show
from harness.report.data import ReportData
from harness.report.plots import marks
from harness.runs.status import Status


class Grid(NamedTuple):
    """A file, and when in training it was made."""

    path: Path
    kimg: float  # 0 where it is not known
    when: str


class Shown(NamedTuple):
    """A cell with pictures: the grids of each seed, and the seed whose training is shown."""

    cell: str
    name: str  # of the cell, on the page
    colour: str
    seeds: Mapping[int, Sequence[Grid]]
    seed: int


def shown_seed(data: ReportData) -> int:
    """The first of the seeds that most cells finished, or, failing that, have a grid of."""
    trials = data.frames.trials
    finished = trials.loc[trials["status"] == Status.FINISHED, ["cell", "seed"]]
    grids = data.frames.samples[["cell", "seed"]].drop_duplicates()
    whole = grids.merge(finished, on=["cell", "seed"])
    rows = grids if whole.empty else whole
    return int(str(rows.groupby("seed")["cell"].nunique().idxmax()))


def shown_cells(data: ReportData, cells: Sequence[str], seed: int) -> Iterator[Shown]:
    """These cells with their grids; of each the first seed that has any, if not `seed`."""
    samples = data.frames.samples
    samples = samples[samples["cell"].isin(cells)].sort_values("iteration")
    trials = data.frames.trials.set_index(["cell", "seed"])
    images = (trials["kimg"] / trials["iteration"].where(trials["iteration"] > 0)).to_dict()
    grids: dict[str, dict[int, list[Grid]]] = {}
    for row in each_row(samples):
        grid = _grid(Path(row.path), row.iteration, images[row.cell, row.seed])
        grids.setdefault(row.cell, {}).setdefault(row.seed, []).append(grid)
    looks = marks.looks(*data.legend)
    for cell in cells:
        first = seed if seed in grids[cell] else min(grids[cell])
        name = data.names[cell]
        yield Shown(cell, name, looks[name].colour, grids[cell], first)


def _grid(path: Path, iteration: float, images: float) -> Grid:
    if iteration == 0:
        return Grid(path, 0.0, "untrained")
    if images == images:
        return Grid(path, iteration * images, show.kimg(iteration * images))
    return Grid(path, 0.0, f"iteration {show.number(iteration, 0)}")
