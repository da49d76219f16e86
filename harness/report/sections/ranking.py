"""The ranking of the tips by effect, and what it says of the sources' claims."""

from typing import Any

import pandas as pd

from harness.analysis.effects import BETTER, WORSE
from harness.analysis.frame import each_row
from harness.analysis.ranking import CONTRADICTED, SUPPORTED
from harness.report import format as show
from harness.report.blocks import Block, Cell, Heading, Label, Table, Tag, Text
from harness.report.data import ReportData
from harness.report.summary import judged, titled

TONES = {BETTER: "good", WORSE: "bad", SUPPORTED: "good", CONTRADICTED: "bad"}
SAID = {"helps": "helps", "hurts": "hurts", "no_effect": "no effect", "depends": "depends"}


def build(data: ReportData) -> list[Block]:
    """One table a metric identity, then the claims; a search ranks no tips."""
    if data.suggestions is not None:
        return []
    blocks: list[Block] = [Heading("Ranking of the tips", "ranking"), Text(_how(data))]
    if data.ranking.empty:
        return [*blocks, Text("This study declares no contrast.", "note")]
    groups = list(data.ranking.groupby("identity", sort=False, dropna=False))
    blocks += [_table(data, rows, str(identity), len(groups)) for identity, rows in groups]
    if len(data.claims):
        blocks.append(_claims(data))
    return blocks


def _how(data: ReportData) -> str:
    alpha = float(data.plan["alpha"])
    judged_here = "" if data.plan["evidence"] else " Nothing is judged in this profile."
    diverged = (
        " A diverged trial enters with its failure value; where the seeds without one give another "
        "verdict, it is inconclusive."
        if data.ranking["diverged"].any()
        else ""
    )
    return (
        "An effect is KID(following) − KID(ignoring) with all else equal, so negative helps. "
        "Differences are taken seed by seed; the interval is a "
        f"{show.percent(1 - alpha)} t-interval of each alone, p is that of the paired t-test, "
        f"adjusted by Holm over {show.count(len(data.ranking), 'contrast')}, and the verdict "
        f"comes from the adjusted p at {show.plain(alpha)}. “Inconclusive” is not “no effect”."
        f"{diverged}{judged_here}"
    )


def _table(data: ReportData, rows: pd.DataFrame, identity: str, of: int) -> Table:
    places = show.decimals(rows["effect"])
    body: list[list[Cell]] = [
        [
            str(place) if row.n else show.NONE,
            titled(row.title, row.design),
            show.kid(row.effect, places, signed=True),
            show.interval(row.low, row.high, places),
            f"{row.n} of {row.planned}",
            show.p_value(row.p),
            show.p_value(row.p_adjusted),
            Tag(judged(row.verdict), TONES.get(row.verdict, "neutral"), row.reason),
            _without(row, places),
        ]
        for place, row in enumerate(each_row(rows), 1)
    ]
    columns = ["#", "Tip", "Effect", "Interval", "n", "p", "p (Holm)", "Verdict", "Diverged"]
    kept = [number for number in range(9) if number < 8 or rows["diverged"].any()]
    metric = f"; metric identity {identity}" if of > 1 else ""
    return Table(
        f"Effects on KID × 10³, the most helpful first{metric}",
        [columns[number] for number in kept],
        [[row[number] for number in kept] for row in body],
        frozenset({2, 3, 4, 5, 6}),
        "tables/ranking.csv",
    )


def _without(row: Any, places: int) -> Cell:
    """A diverged trial enters with its failure value; here is the effect without."""
    if not row.diverged:
        return show.NONE
    low, high = row.low_finished, row.high_finished
    without = f"{show.kid(row.effect_finished, places, True)} {show.interval(low, high, places)}"
    said = f"n = {row.n_finished}, {judged(row.verdict_finished)}"
    return Label(str(row.diverged), f"without: {without}, {said}")


def _claims(data: ReportData) -> Table:
    rows: list[list[Cell]] = [
        [
            titled(row.title, row.design),
            row.source,
            SAID[row.effect] + (f" ({row.condition})" if row.condition else ""),
            row.quote,
            Tag(row.judgement, TONES.get(row.judgement, "neutral")),
        ]
        for row in each_row(data.claims)
    ]  # fmt: skip
    columns = ["Tip", "Source", "Claims that it", "In short", "Here"]
    return Table(
        "What the sources claim, and how it fared here",
        columns,
        rows,
        csv="tables/claims.csv",
        grouped=True,
    )
