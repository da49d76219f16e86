"""The first screen: the verdict, what weakens it, and the forest plot."""

from functools import partial

from harness.analysis.effects import NOT_JUDGED
from harness.analysis.frame import each_row
from harness.plots.forest import draw_forest, forest_info
from harness.report import format as show
from harness.report import words
from harness.report.blocks import Block, Figure, Items, Text, figure
from harness.report.data import ReportData
from harness.report.summary import titled

MOST = 40  # rows that one plot holds; the table has them all


def build(data: ReportData) -> list[Block]:
    """The verdict in a sentence, the checks, and the effects at a glance."""
    tone = "lead" if data.plan["evidence"] else "warning"
    blocks: list[Block] = [Text(words.verdict(data), tone)]
    if data.plan["evidence"] and data.plan["note"]:
        blocks.append(Text(data.plan["note"], "note"))
    if not data.plan["evidence"] and (look := words.interim(data)):
        blocks.append(Text(f"{look}.", "note"))
    if data.checks:
        blocks.append(Items("Before you read the numbers", data.checks, "warning"))
    else:
        checked = "Checked: no trial is missing, cells are balanced, hardware and arithmetic alike."
        blocks.append(Text(checked, "note"))
    groups = data.ranking[data.ranking["n"] > 0].groupby("identity", sort=False)
    for number, (identity, _) in enumerate(groups, 1):
        blocks.append(_forest(data, str(identity), number, len(groups)))
    return blocks


def _forest(data: ReportData, identity: str, number: int, of: int) -> Figure:
    rows = data.ranking[data.ranking["identity"] == identity].head(MOST)
    places = show.decimals(rows["effect"])
    notes = {
        row.contrast: f"{show.kid(row.effect, places, True)} "
        f"{show.interval(row.low, row.high, places)} · n = {row.n}"
        for row in each_row(rows)
    }
    named = rows.assign(title=[titled(row.title, row.design) for row in each_row(rows)])
    alpha = float(data.plan["alpha"])
    info = forest_info(named, data.differences, notes)
    judged = [f"{row.title}: {row.note}, {row.verdict}" for row in info.rows]
    colours = (
        "Blue: better, orange: worse, open grey: inconclusive."
        if NOT_JUDGED not in set(rows["verdict"])
        else "Nothing is judged in this profile."
    )
    metric = f" Metric identity {identity}." if of > 1 else ""
    caption = (
        "Effect of each tip, KID(following) − KID(ignoring), paired by seed: mean with "
        f"{show.percent(1 - alpha)} t-interval; the ticks below are single seeds, arrowheads "
        f"what lies outside. {colours}{metric}"
    )
    name = "forest" if of == 1 else f"forest-{number}"
    alt = f"Forest plot of effects on KID × 10³. {'; '.join(judged)}."
    return figure(name, partial(draw_forest, info), alt, caption)
