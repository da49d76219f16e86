"""Training dynamics: losses, accuracies, augmentation and the pull of penalties, by cell."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from harness.core import format as show
from harness.metrics.health import PULL
from harness.report.inks import INK
from harness.report.plots.marks import NARROW, Look, blank

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from harness.report.plots.style import Figure

MEASURES = {
    "discriminator_loss": "discriminator loss",
    "generator_loss": "generator loss",
    "real_accuracy": "accuracy on real images",
    "fake_accuracy": "accuracy on generated images",
    "augmentation_probability": "augmentation probability",
}
LONGEST = 40  # letters of a line of the legend
FILLED = 0.9  # share of a panel's place that a legend there may take
GAP = 0.15  # inches between a legend on top and the panels
BINS = 120  # more points than a panel has room for are averaged


class Trace(NamedTuple):
    """One cell's mean over the seeds still training, by images shown (kimg)."""

    cell: str
    kimg: tuple[float, ...]
    values: tuple[float, ...]
    n: int


class Panel(NamedTuple):
    """One measure for all cells."""

    label: str
    traces: tuple[Trace, ...]


def dynamics_info(training: pd.DataFrame, cells: Sequence[str]) -> tuple[Panel, ...]:
    """Average over the seeds of a cell in equal bins of kimg.

    What nobody logged, and what is zero throughout (no augmentation), is left out.
    """
    if training.empty:
        return ()
    width = max(float(training["kimg"].max()) / BINS, 1e-9)
    binned = training.assign(bin=(training["kimg"] // width).astype(int))
    measures = MEASURES | _pulls(training.columns)
    means = binned.groupby(["cell", "bin"])[["kimg", *measures]].mean().reset_index()
    seeds = training.groupby("cell")["seed"].nunique()
    panels = []
    for name, label in measures.items():
        known = dict(tuple(means.dropna(subset=[name]).groupby("cell")))
        traces = tuple(
            Trace(cell, tuple(known[cell]["kimg"]), tuple(known[cell][name]), int(seeds[cell]))
            for cell in cells
            if cell in known
        )
        if any(any(trace.values) for trace in traces):
            panels.append(Panel(label, traces))
    return tuple(panels)


def _pulls(columns: Iterable[str]) -> dict[str, str]:
    """How hard each penalty pulls, where there is one."""
    names = [name for name in columns if name.endswith(PULL)]
    return {name: f"pull of {name.removesuffix(PULL).replace('_', ' ')}" for name in names}


def draw_dynamics(info: Sequence[Panel], looks: dict[str, Look], width: float) -> "Figure":
    """A panel a measure, a line a cell; one legend for all, in a place left free or on top."""
    columns = 1 if width <= NARROW else min(2, len(info))
    rows = -(-len(info) // columns)
    height = 1.5 if columns == 1 else 1.75
    figure = blank(figsize=(width, height * rows), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, squeeze=False)
    for axes, panel in zip(grid.flat, info, strict=False):
        _draw_panel(axes, panel, looks)
    for axes in grid.flat[len(info) :]:
        axes.set_axis_off()
        grid[-2, -1].tick_params(labelbottom=True)
    free = grid[-1, -1] if rows * columns > len(info) else None
    _add_legend(figure, info, looks, columns, free)
    figure.supxlabel("real images shown to the discriminator (thousands)", fontsize=8.5, color=INK)
    return figure


def _add_legend(
    figure: "Figure",
    info: Sequence[Panel],
    looks: dict[str, Look],
    columns: int,
    free: "Axes | None",
) -> None:
    """In the place that is `free` if it fits there, else on top of a figure made higher by it."""
    from matplotlib.lines import Line2D

    cells = {trace.cell: trace.n for panel in info for trace in panel.traces}
    names = [show.wrapped(f"{cell} (n\u00a0=\u00a0{n})", LONGEST) for cell, n in cells.items()]
    handles = [
        Line2D([], [], color=looks[cell].colour, linestyle=looks[cell].dash) for cell in cells
    ]
    if free is not None:
        inside = free.legend(handles, names, loc="center left")
        size, rows = inside.get_window_extent(), -(-len(info) // columns)
        across, down = figure.bbox.width / columns, figure.bbox.height / rows
        if size.width <= FILLED * across and size.height <= FILLED * down:
            return
        inside.remove()
    legend = figure.legend(handles, names, loc="outside upper left", ncols=columns)
    taken = legend.get_window_extent().height / figure.dpi
    figure.set_figheight(figure.get_figheight() + taken + GAP)


def _draw_panel(axes: "Axes", panel: Panel, looks: dict[str, Look]) -> None:
    for trace in panel.traces:
        colour, dash = looks[trace.cell]
        axes.plot(trace.kimg, trace.values, color=colour, linestyle=dash, linewidth=1.4)
    axes.set_title(panel.label)
