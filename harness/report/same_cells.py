"""The section of a comparison on cells that runs have in common: their curves and images."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.analysis.compare import Comparison
from harness.analysis.frame import Frames, each_row
from harness.analysis.objectives import objective
from harness.core import format as show
from harness.plan.naming import apart, cell_names
from harness.report import pictures
from harness.report.blocks import Block, Figure, Gallery, Heading, Picture, Strip, Text
from harness.report.inks import INK
from harness.report.plots.curves import curves_info
from harness.report.plots.marks import Look, looks
from harness.report.plots.panels import Panel, draw_panels
from harness.report.real import LABEL, real_picture
from harness.report.sections.samples import by_objective
from harness.report.sketch import Sketch

CELLS = 8  # that are shown, the references among them
_HOW = (
    "Each panel is one run, with its scale: KIDs of other data or of another metric identity do "
    "not compare. The cell is in its colour, the run's reference in grey; thin lines are seeds, "
    "thick ones means of the finished seeds."
)
_IMAGES = (
    "Images at the end, of the seed nearest to the median in each run, among those whose images "
    "are kept"
)


class Shared(NamedTuple):
    """A cell, its name, and the runs that have it."""

    cell: str
    name: str
    runs: Sequence[str]


def shared_cells(comparison: Comparison, frames: Mapping[str, Frames]) -> list[Block]:
    """Heading, a figure a cell, and a strip of images a cell; empty where no two runs share one."""
    shared = _shared(comparison, frames)
    if not shared:
        return []
    shown = shared[:CELLS]
    colours = looks([item.cell for item in shown], shown[0].cell)
    section: list[Block] = [Heading("The same cell in each run", "cells"), Text(_HOW)]
    section += _figures(shown, frames, colours)
    if strips := list(_strips(shown, frames, colours)):
        section.append(Gallery(_IMAGES, [*_real(shown, frames), *strips]))
    if left := [item.name for item in shared[CELLS:]]:
        section.append(Text(f"For want of room, left out: {show.listed(left)}.", "note"))
    return section


def _shared(comparison: Comparison, frames: Mapping[str, Frames]) -> list[Shared]:
    """References first, then cells of tips whose sign changed, then the others."""
    runs: dict[str, list[str]] = {}
    for name, run in frames.items():
        for label in run.plan.labels:
            runs.setdefault(label, []).append(name)
    references = {run.plan.reference for run in frames.values()}
    turned = set(comparison.changed["contrast"])

    def place(item: Shared) -> tuple[bool, bool]:
        return item.cell not in references, item.cell.partition("=")[0] not in turned

    named = [pair for run in frames.values() for pair in cell_names(run.plan).items()]
    names = apart(dict(named))
    shared = (Shared(cell, names[cell], having) for cell, having in runs.items() if len(having) > 1)
    return sorted(shared, key=place)


def _figures(
    shown: Sequence[Shared], frames: Mapping[str, Frames], colours: Mapping[str, Look]
) -> Iterator[Figure]:
    for number, item in enumerate(shown, 1):
        panels = [
            panel for run in item.runs if (panel := _panel(item.cell, run, frames[run], colours))
        ]
        if panels:
            names = ", ".join(f"{panel.run} (n = {panel.curve.n})" for panel in panels)
            yield Figure(
                f"cell-{number}",
                Sketch(draw_panels, panels, colours[shown[0].cell]),
                f"KID × 10³ of the cell {item.name} over real images shown: {names}.",
                f"Cell {item.name}.",
            )


def _panel(cell: str, name: str, run: Frames, colours: Mapping[str, Look]) -> Panel | None:
    """None where the run has no score of the cell."""
    curves = run.curves.dropna(subset=["kid"])
    identities = curves.loc[curves["cell"] == cell, "identity"]
    if identities.empty:
        return None
    mine = curves[curves["identity"] == identities.mode().iloc[0]]
    mine = mine[mine["cell"].isin([cell, run.plan.reference])]
    return Panel(name, curves_info(mine, [cell], run.plan.reference), colours[cell])


def _real(shown: Sequence[Shared], frames: Mapping[str, Frames]) -> Iterator[Strip]:
    """The first row: validation images of each run; none where no record has any."""
    runs = [name for name in frames if any(name in item.runs for item in shown)]
    paths = {name: real_picture(frames[name], frames[name].plan.reference) for name in runs}
    images = [
        Picture(f"{name}: real", f"Real images: {LABEL} of {name}", pictures.webp(path))
        for name, path in paths.items()
        if path
    ]
    if images:
        yield Strip(LABEL, INK, images, real=True)


def _strips(
    shown: Sequence[Shared], frames: Mapping[str, Frames], colours: Mapping[str, Look]
) -> Iterator[Strip]:
    for item in shown:
        images = [picture for run in item.runs if (picture := _picture(item, run, frames[run]))]
        if images:
            yield Strip(item.name, colours[item.cell].colour, images)


def _picture(item: Shared, name: str, run: Frames) -> Picture | None:
    """The last grid of the seed nearest to the median of all; None where there is no grid.

    A record may have lost the grids of most seeds, so the caption names a median that is not shown.
    """
    grids = run.samples[run.samples["cell"] == item.cell].sort_values("iteration")
    valued = by_objective(run.trials).get(item.cell)
    if grids.empty or valued is None:
        return None
    with_grid = valued[valued["seed"].isin(grids["seed"])]
    if with_grid.empty:
        return None
    median = float(valued["final"].iloc[(len(valued) - 1) // 2])  # the lower one of two
    trial = min(each_row(with_grid), key=lambda row: abs(float(row.final) - median))
    path = Path(str(grids.loc[grids["seed"] == trial.seed, "path"].iloc[-1]))
    judged = objective(run.plan.objective)
    places = show.decimals([trial.final, median], judged.scale)
    value, middle = (show.kid(kid, places, scale=judged.scale) for kid in (trial.final, median))
    caption = f"{name}: seed {trial.seed}, {judged.unit} {value}"
    if trial.final != median:
        caption += f" (median of {len(valued)} seeds: {middle})"
    alt = f"Generated images of cell {item.name}, {caption}"
    return Picture(caption, alt, pictures.webp(path))
