"""KID over training, cell by cell."""

from functools import partial

from harness.plots.curves import curves_info, draw_curves
from harness.plots.style import looks
from harness.report.blocks import Block, Figure, Heading, Text, figure
from harness.report.data import ReportData

ROOM = 24  # cells that a figure has panels for: of more, those at both ends
ENDS = "Of the many cells, those with the lowest and the highest KID; the tables have them all."


def build(data: ReportData) -> list[Block]:
    """One figure a metric identity."""
    head = Heading("KID over training", "curves")
    curves = data.frames.curves.dropna(subset=["kid"])
    found = list(curves["identity"].unique())
    if not found:
        return [head, Text("No evaluation has been recorded yet.", "note")]
    drawn = [
        _figure(data, identity, number, len(found)) for number, identity in enumerate(found, 1)
    ]
    return [head, *drawn]


def _figure(data: ReportData, identity: str, number: int, of: int) -> Figure:
    curves = data.frames.curves
    reference = data.plan["reference"]
    cells = data.ends(ROOM, identity)
    info = curves_info(curves[curves["identity"] == identity], cells, reference)
    styles = looks(data.labels, reference)
    scale = "logarithmic" if info.logarithmic else "linear"
    room = f" {ENDS}" if len(data.labels) > ROOM else ""
    metric = f" Metric identity {identity}." if of > 1 else ""
    caption = (
        "Thin lines are single seeds, thick ones the mean of the n finished seeds with a band of "
        f"its 95 % t-interval; grey is the reference (n = {info.reference.n}); a cross marks where "
        f"a trial diverged. The vertical axis is {scale}.{room}{metric}"
    )
    named = ", ".join(f"{cell.cell} (n = {cell.n})" for cell in (info.reference, *info.cells))
    name = "curves" if of == 1 else f"curves-{number}"
    alt = f"KID × 10³ over real images shown, for {named}. The values are in tables/curves.csv."
    return figure(name, partial(draw_curves, info, styles), alt, caption)
