"""KID over training: a panel for each cell against the reference, every seed visible."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from harness.core import format as show
from harness.core.format import KID_SCALE
from harness.report.inks import INK, MUTED, RULE
from harness.report.plots.marks import NARROW, Look, blank, ticked, write_title
from harness.runs.status import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from harness.report.plots.style import Figure

LOGARITHMIC_FROM = 4  # largest KID over smallest
BELOW = 10  # times that a floor is below all curves, from which a logarithmic axis leaves it out
LONGEST = {1: 44, 2: 44, 3: 28}  # panels in a row → letters of a line above one
LINES = 2  # of a cell's name that a panel has room for
LINE = 0.16  # inches of a further one


class Line(NamedTuple):
    """One trial's curve: images shown (kimg) and KID × 10³; a mean has no seed."""

    kimg: tuple[float, ...]
    kid: tuple[float, ...]
    status: str
    seed: int | None = None


Span = tuple[float, float]  # kimg


class Curve(NamedTuple):
    """One cell: a thin line a seed, and the mean of the `n` finished ones with its interval."""

    cell: str
    seeds: tuple[Line, ...]
    mean: Line
    n: int
    half: tuple[float, ...] = ()  # of the 95 % t-interval at each point of the mean; empty: n < 2
    window: Span | None = None  # of the objective


class Bounds(NamedTuple):
    """KID × 10³ between which a training moves; None where the record does not have it."""

    floor: float | None = None  # of one half of the validation images against the other
    ceiling: float | None = None  # of the reference, untrained


class Curves(NamedTuple):
    """The curves of one metric identity; `logarithmic` where KID is positive and falls a lot."""

    reference: Curve
    cells: tuple[Curve, ...]
    logarithmic: bool
    bounds: Bounds = Bounds()

    @property
    def deep(self) -> bool:
        """Whether the floor is so far below all curves that a logarithmic axis leaves it out."""
        curves = (self.reference, *self.cells)
        least = min((min(line.kid) for curve in curves for line in curve.seeds), default=0.0)
        floor = self.bounds.floor
        return floor is not None and self.logarithmic and floor * BELOW < least


def curves_info(
    curves: pd.DataFrame,
    cells: Sequence[str],
    reference: str,
    windows: Mapping[str, Span] = MappingProxyType({}),
    floor: float | None = None,
) -> Curves:
    """Group the evaluations of one metric identity; cells without one are left out.

    `windows`: cell → what of its training the objective is averaged over. `floor`: KID of real
    images against real ones, as measured.
    """
    groups = dict(tuple(curves.dropna(subset=["kid"]).groupby("cell")))
    none = curves.iloc[:0]
    shown = [cell for cell in cells if cell in groups and cell != reference]
    drawn = [_curve(cell, groups[cell], windows.get(cell)) for cell in shown]
    kid = curves["kid"].dropna()
    # an unbiased KID may be negative, and then only a linear axis shows it as it is
    positive = bool(len(kid)) and float(kid.min()) > 0
    spread = positive and float(kid.max()) >= LOGARITHMIC_FROM * float(kid.min())
    first = _curve(reference, groups.get(reference, none), windows.get(reference))
    return Curves(first, tuple(drawn), spread, _bounds(groups.get(reference, none), floor))


def _bounds(reference: pd.DataFrame, floor: float | None) -> Bounds:
    untrained = reference.loc[reference["evaluation"] == 0, "kid"]
    ceiling = float(untrained.mean()) * KID_SCALE if len(untrained) else None
    return Bounds(None if floor is None else floor * KID_SCALE, ceiling)


def _curve(cell: str, rows: pd.DataFrame, window: Span | None) -> Curve:
    seeds = tuple(_line(trial, int(str(seed))) for seed, trial in rows.groupby("seed"))
    finished = rows[rows["status"] == Status.FINISHED]
    n = finished["seed"].nunique()
    counted = finished.groupby("evaluation").agg(
        kimg=("kimg", "mean"), kid=("kid", "mean"), n=("seed", "nunique")
    )
    # a mean over some of the seeds would jump where one of them has no value
    whole = counted[counted["n"] == n].assign(status=Status.FINISHED)
    return Curve(cell, seeds, _line(whole), n, _half(finished, n) if n > 1 else (), window)


def _half(finished: pd.DataFrame, n: int) -> tuple[float, ...]:
    """Of the 95 % t-interval of the mean, at each evaluation that all seeds have."""
    from harness.analysis.max_t import interval  # with SciPy, which drawing does without

    values = [kids.to_numpy(float) for _, kids in finished.groupby("evaluation")["kid"]]
    return tuple(
        (float(kids.mean()) - interval(kids, 0.05)[0]) * KID_SCALE
        for kids in values
        if len(kids) == n
    )


def _line(rows: pd.DataFrame, seed: int | None = None) -> Line:
    status = str(rows["status"].iloc[0]) if len(rows) else ""
    return Line(tuple(rows["kimg"]), tuple(rows["kid"] * KID_SCALE), status, seed)


def draw_curves(info: Curves, looks: dict[str, Look], width: float) -> "Figure":
    """Small multiples: the reference in grey in each, the cell in its colour.

    Where the panels leave a place free, the first one shows the means of all cells together.
    """
    panels: Sequence[Curve] = info.cells or (info.reference,)
    columns = min(len(panels), 1 if width <= NARROW else 3 if len(panels) > 4 else 2)
    rows = -(-len(panels) // columns)
    letters = LONGEST[columns]
    titles = [show.wrapped(f"{panel.cell} (n\u00a0=\u00a0{panel.n})", letters) for panel in panels]
    further = max(0, *(title.count("\n") + 1 - LINES for title in titles))
    height = (1.9 if width <= NARROW else 2.3) + LINE * further
    figure = blank(figsize=(width, height * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    # axes that share limits: each would look at all others whenever one of them is drawn on
    for axes in grid.flat:
        axes.set_autoscale_on(False)
    places = list(grid.flat)
    if len(places) > len(panels):
        _draw_means(places.pop(0), info, looks)
    for axes, panel, title in zip(places, panels, titles, strict=False):
        draw_panel(axes, panel, info.reference, looks)
        write_title(axes, title, looks[panel.cell])
    for axes in places[len(panels) :]:
        axes.set_visible(False)
    for axes in grid.flat:
        _draw_bounds(axes, info)
        axes.set(xlabel="", ylabel="")
    set_scale(places[0], info.logarithmic)
    for axes in grid.flat:
        axes.autoscale()
    figure.supxlabel("real images shown to the discriminator (thousands)", fontsize=8.5, color=INK)
    figure.supylabel("KID × 10³", fontsize=8.5, color=INK)
    return figure


def _draw_means(axes: "Axes", info: Curves, looks: dict[str, Look]) -> None:
    _draw_window(axes, info.reference)
    for curve in (info.reference, *info.cells):
        _draw_mean(axes, curve, looks[curve.cell], 1.6)
    axes.set_title("All cells (means)", color=INK)


def draw_panel(axes: "Axes", panel: Curve, reference: Curve, looks: Mapping[str, Look]) -> None:
    """A cell in its colour, and the reference behind it."""
    _draw_window(axes, panel)
    for curve, alpha in ((reference, 0.18), (panel, 0.38)):
        if curve is panel or panel is not reference:
            _draw_curve(axes, curve, looks[curve.cell], alpha)


def _draw_window(axes: "Axes", curve: Curve) -> None:
    if curve.window:
        axes.axvspan(*curve.window, color=RULE, alpha=0.5, zorder=0, linewidth=0)


def _draw_bounds(axes: "Axes", info: Curves) -> None:
    floor, ceiling = info.bounds
    for level in (None if info.deep else floor, ceiling):
        if level is not None:
            axes.axhline(level, color=MUTED, linestyle=":", linewidth=1.0, zorder=1)


def _draw_curve(axes: "Axes", curve: Curve, look: Look, alpha: float) -> None:
    _draw_lines(axes, curve.seeds, color=look.colour, linewidth=0.7, alpha=alpha)
    for line in curve.seeds:
        if line.status == Status.DIVERGED:
            axes.plot(line.kimg[-1:], line.kid[-1:], "x", color=look.colour, markersize=6)
    _draw_band(axes, curve, look)
    _draw_mean(axes, curve, look, 2.0)


def _draw_band(axes: "Axes", curve: Curve, look: Look) -> None:
    if not curve.half:
        return
    pairs = list(zip(curve.mean.kid, curve.half, strict=True))
    least = min(curve.mean.kid) / 10  # a logarithmic axis has no place for what is not positive
    low = [max(kid - half, least) if kid > 0 else kid - half for kid, half in pairs]
    high = [kid + half for kid, half in pairs]
    axes.fill_between(curve.mean.kimg, low, high, color=look.colour, alpha=0.14, linewidth=0)


def _draw_mean(axes: "Axes", curve: Curve, look: Look, linewidth: float) -> None:
    _draw_lines(axes, [curve.mean], color=look.colour, linestyle=look.dash, linewidth=linewidth)


def _draw_lines(axes: "Axes", lines: Sequence[Line], **style: Any) -> None:
    """Lines of one style; `style` is matplotlib's, since seaborn takes ten times as long."""
    for line in lines:
        axes.plot(line.kimg, line.kid, **style)


def set_scale(axes: "Axes", logarithmic: bool) -> None:
    """The vertical axis, of KID × 10³."""
    if logarithmic:
        from matplotlib.ticker import LogLocator

        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_formatter("")
    axes.yaxis.set_major_formatter(ticked)
