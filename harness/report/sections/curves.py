"""KID over training, cell by cell."""

from collections.abc import Mapping

from harness.analysis.convergence import window
from harness.core import format as show
from harness.report.blocks import Block, Figure, Heading, Text
from harness.report.data import ReportData
from harness.report.plots.chart import chart_info
from harness.report.plots.curves import Curves, Span, curves_info, draw_curves
from harness.report.plots.marks import looks
from harness.report.sketch import Sketch

ROOM = 24  # cells that a figure has panels for: of more, those at both ends
ENDS = "Of the many cells, those with the lowest and the highest KID; the tables have them all."


def build(data: ReportData) -> list[Block]:
    """One figure a metric identity."""
    head = Heading("KID over training", "curves")
    curves = data.frames.curves.dropna(subset=["kid"])
    identities = list(curves["identity"].unique())
    if not identities:
        return [head, Text("No evaluation has been recorded yet.", "note")]
    drawn = [
        _figure(data, identity, number, len(identities))
        for number, identity in enumerate(identities, 1)
    ]
    return [head, *drawn]


def _figure(data: ReportData, identity: str, number: int, identities: int) -> Figure:
    curves = data.frames.curves
    reference = data.names[data.plan.reference]
    cells = [data.names[cell] for cell in data.ends(ROOM, identity)]
    averages = {cell: window(data.frames, cell, identity) for cell in data.labels}
    windows = {data.names[cell]: averaged.shaded for cell, averaged in averages.items() if averaged}
    mine = data.named(curves[curves["identity"] == identity])
    info = curves_info(mine, cells, reference, windows, data.frames.real_kid(identity))
    styles = looks(*data.legend)
    scale = "logarithmic" if info.logarithmic else "linear"
    room = f" {ENDS}" if len(data.labels) > ROOM else ""
    metric = f" Metric identity {identity}." if identities > 1 else ""
    caption = (
        "Thin lines are single seeds, thick ones the mean of the n finished seeds with a band of "
        "the 95 % t-interval of each point alone; grey is the reference "
        f"(n = {info.reference.n}); a cross marks where a trial diverged. "
        f"{_shaded(data, windows)}{_bounded(info)}The vertical axis is {scale}.{room}{metric}"
    )
    named = ", ".join(f"{cell.cell} (n = {cell.n})" for cell in (info.reference, *info.cells))
    name = "curves" if identities == 1 else f"curves-{number}"
    alt = f"KID × 10³ over real images shown, for {named}. The values are in tables/curves.csv."
    numbers = chart_info(info, styles, name)
    return Figure(name, Sketch(draw_curves, info, styles), alt, caption, numbers)


def _bounded(info: Curves) -> str:
    """The sentence on the lines above and below all curves."""
    floor, ceiling = info.bounds
    dotted = []
    if ceiling is not None:
        places = show.decimals([ceiling], 1)
        dotted.append(f"the reference's untrained generator ({show.number(ceiling, places)})")
    if floor is not None:
        value = show.number(floor, show.decimals([floor], 1))
        below = ", below a logarithmic axis" if info.deep else ""
        dotted.append(
            f"real images against real ones, two halves of the validation images ({value}{below}; "
            "an unbiased estimate, so it may be negative)"
        )
    return f"Dotted: {show.listed(dotted)}. " if dotted else ""


def _shaded(data: ReportData, windows: Mapping[str, Span]) -> str:
    """The sentence on the shaded part of each panel: the evaluations of the objective."""
    if not windows:
        return ""
    return f"Shaded: what the objective averages, {data.objective.what}. "
