"""KID over training: a panel for each cell against the reference, every seed visible."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from harness.analysis.objectives import KID_SCALE
from harness.plots.style import INK, NARROW, Look
from harness.records import DIVERGED, FINISHED

LOGARITHMIC_FROM = 4  # largest KID over smallest


class Line(NamedTuple):
    """One trial's curve: images shown (kimg) and KID × 10³."""

    kimg: tuple[float, ...]
    kid: tuple[float, ...]
    status: str


class Curve(NamedTuple):
    """One cell: a thin line a seed, and the mean of the `n` finished ones."""

    cell: str
    seeds: tuple[Line, ...]
    mean: Line
    n: int


class Curves(NamedTuple):
    """The curves of one metric identity; `logarithmic` where KID is positive and falls a lot."""

    reference: Curve
    cells: tuple[Curve, ...]
    logarithmic: bool


def curves_info(curves: pd.DataFrame, cells: Sequence[str], reference: str) -> Curves:
    """Group the evaluations of one metric identity; cells without one are left out."""
    groups = dict(tuple(curves.dropna(subset=["kid"]).groupby("cell")))
    none = curves.iloc[:0]
    drawn = [_curve(cell, groups[cell]) for cell in cells if cell in groups and cell != reference]
    kid = curves["kid"].dropna()
    # an unbiased KID may be negative, and then only a linear axis shows it as it is
    positive = bool(len(kid)) and float(kid.min()) > 0
    spread = positive and float(kid.max()) >= LOGARITHMIC_FROM * float(kid.min())
    first = _curve(reference, groups.get(reference, none))
    return Curves(first, tuple(drawn), spread)


def _curve(cell: str, rows: pd.DataFrame) -> Curve:
    seeds = tuple(_line(trial) for _, trial in rows.groupby("seed"))
    finished = rows[rows["status"] == FINISHED]
    n = finished["seed"].nunique()
    counted = finished.groupby("evaluation").agg(
        kimg=("kimg", "mean"), kid=("kid", "mean"), n=("seed", "nunique")
    )
    # a mean over some of the seeds would jump where one of them has no value
    return Curve(cell, seeds, _line(counted[counted["n"] == n].assign(status=FINISHED)), n)


def _line(rows: pd.DataFrame) -> Line:
    status = str(rows["status"].iloc[0]) if len(rows) else ""
    return Line(tuple(rows["kimg"]), tuple(rows["kid"] * KID_SCALE), status)


def draw_curves(info: Curves, looks: dict[str, Look], width: float) -> Figure:
    """Small multiples: the reference in grey in each, the cell in its colour."""
    panels: Sequence[Curve] = info.cells or (info.reference,)
    columns = min(len(panels), 1 if width <= NARROW else 3 if len(panels) > 4 else 2)
    rows = -(-len(panels) // columns)
    height = 1.9 if width <= NARROW else 2.3
    figure = Figure(figsize=(width, height * rows + 0.3), layout="constrained")
    grid = np.asarray(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False))
    for axes, panel in zip(grid.flat, panels, strict=False):
        if panel is not info.reference:
            _draw(axes, info.reference, looks, 0.18)
        _draw(axes, panel, looks, 0.38)
        axes.set_title(f"{panel.cell}  (n = {panel.n})", color=looks[panel.cell].colour)
        if info.logarithmic:
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter("")
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    figure.supxlabel("real images shown to the discriminator (thousands)", fontsize=8.5, color=INK)
    figure.supylabel("KID × 10³", fontsize=8.5, color=INK)
    return figure


def _draw(axes: Axes, curve: Curve, looks: dict[str, Look], alpha: float) -> None:
    look = looks[curve.cell]
    for line in curve.seeds:
        axes.plot(line.kimg, line.kid, color=look.colour, linewidth=0.7, alpha=alpha)
        if line.status == DIVERGED:
            axes.plot(line.kimg[-1:], line.kid[-1:], "x", color=look.colour, markersize=6)
    axes.plot(curve.mean.kimg, curve.mean.kid, look.dash, color=look.colour, linewidth=2)
