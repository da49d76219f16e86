"""The cells against the reference."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.analysis.failures import outcomes
from harness.analysis.frame import BESIDE, each_row
from harness.core import format as show
from harness.report.blocks import Block, Cell, Heading, Label, Table, Text
from harness.report.data import ReportData

# columns that are left out where empty
MAYBE = ("A member alone", "FID", "Inception score", "Not reached", "Ends")
WORDS = ("Cell", "Ends")


def build(data: ReportData) -> list[Block]:
    """One table a metric identity: the objective of each cell and its paired difference."""
    if data.suggestions is not None:
        return []  # the search's own table
    reference = data.plan.reference
    how = (
        f"The objective “{data.plan.objective}” is {data.objective.what}. Differences are from "
        f"the reference, “{reference}”, paired by seed; they describe the cells, and the contrasts "
        "above are what is judged."
    )
    groups = list(data.cells.groupby("identity", sort=False, dropna=False))
    tables = [_table(data, rows, str(identity), len(groups)) for identity, rows in groups]
    return [Heading("Cells against the reference", "cells"), Text(how), *tables]


def _table(data: ReportData, rows: pd.DataFrame, identity: str, identities: int) -> Table:
    scale = data.objective.scale
    places = show.decimals([*rows["mean"], *rows["difference"]], scale)
    body: list[list[Cell]] = [
        [
            Label(row.cell, _patch(data.plan.cell(row.cell).patch)),
            f"{row.n} of {row.planned}",
            show.kid(row.mean, places, scale=scale),
            show.kid(row.sd, places, scale=scale),
            show.kid(row.best, show.decimals([row.best])),
            show.kid(row.member_kid, show.decimals([row.member_kid])),
            *(show.number(getattr(row, name), 2) for name in BESIDE),
            show.kid(row.difference, places, True, scale),
            show.interval(row.low, row.high, places, scale),
            show.number(row.censored, 0) if row.censored else show.NONE,
            _ends(data, row.cell),
        ]
        for row in each_row(rows)
    ]
    metric = f"; metric identity {identity}" if identities > 1 else ""
    unit = data.objective.unit.replace(" ", "\u00a0")
    columns = ["Cell", "n", unit, "sd", "Best", "A member alone", "Coverage", "FID",
               "Inception score", "Difference", "Interval", "Not reached",
               "Ends"]  # fmt: skip
    shown = [
        place
        for place, name in enumerate(columns)
        if name not in MAYBE or any(row[place] != show.NONE for row in body)
    ]
    numeric = frozenset(at for at, place in enumerate(shown) if columns[place] not in WORDS)
    columns, body = [columns[i] for i in shown], [[row[i] for i in shown] for row in body]
    level = show.percent(1 - data.plan.alpha)
    caption = f"Objective by cell, and the {level} t-interval of each difference alone{metric}"
    return Table(caption, columns, body, numeric, "tables/cells.csv")


def _patch(patch: Mapping[str, Any]) -> str:
    return ", ".join(f"{path} = {value}" for path, value in patch.items()) or "the baseline"


def _ends(data: ReportData, cell: str) -> str:
    ended = outcomes(data.frames.trials[data.frames.trials["cell"] == cell])
    return ", ".join(phrase.replace(" ", "\u00a0") for phrase in ended.short) or show.NONE
