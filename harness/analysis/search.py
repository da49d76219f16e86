"""A search by its record: what became of each suggestion."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.analysis.frame import Frames, each_row
from harness.analysis.learning import unlearnt
from harness.plan.search import REFUSED, Outcome
from harness.runs.stages import Search
from harness.runs.status import Status

NUMBER, SUGGESTED = "number", "param:"


def outcomes(frames: Frames, search: Search) -> list[Outcome]:
    """The outcome of each suggestion for the sampler, in their order."""
    kids = _kids(frames.curves)
    ends = {row.cell: (row.status, row.final) for row in each_row(frames.trials)}
    results = []
    for item in search.suggestions:
        begun = ends.get(item.cell, (Status.MISSING, math.nan))
        status, value = begun if item.cell else (REFUSED, None)
        known = value is not None and math.isfinite(value)
        results.append(
            Outcome(
                item.params, status, value if known else None, kids.get(item.cell, {}), item.cell
            )
        )
    return results


def _kids(curves: pd.DataFrame) -> dict[str, Mapping[int, float]]:
    """Cell → KID by evaluation, the untrained generator's left out."""
    rows = curves[(curves["evaluation"] > 0) & curves["kid"].notna()]
    return {
        str(cell): {int(row.evaluation): float(row.kid) for row in each_row(of_cell)}
        for cell, of_cell in rows.groupby("cell")
    }


def suggestions(frames: Frames, search: Search) -> pd.DataFrame:
    """One row a suggestion: number, cell, status, objective, best finished so far, parameters.

    `unlearnt` is why it has not learnt, so that it is never the best; empty: it has.
    """
    costs = frames.trials.set_index("cell")
    nothing = {str(cell): unlearnt(rows) for cell, rows in frames.trials.groupby("cell")}
    rows: list[dict[str, Any]] = []
    best = math.inf
    ended = zip(search.suggestions, outcomes(frames, search), strict=True)
    for number, (item, end) in enumerate(ended, 1):
        value = math.nan if end.value is None else end.value
        why = nothing.get(item.cell, "") if item.cell else ""
        if end.state == Status.FINISHED and value < best and not why:
            best = value
        rows.append(
            {
                NUMBER: number,
                "cell": item.cell,
                "status": end.state,
                "final": value,
                "last_kid": end.kids[max(end.kids)] if end.kids else math.nan,
                "best_so_far": best if math.isfinite(best) else math.nan,
                "kimg": costs["kimg"].get(item.cell, math.nan),
                "seconds": costs["seconds"].get(item.cell, math.nan),
                "refused": item.refused,
                "unlearnt": why,
                **{f"{SUGGESTED}{name}": item.params[name] for name in search.space},
            }
        )
    names = [f"{SUGGESTED}{name}" for name in search.space]
    columns = [
        NUMBER,
        "cell",
        "status",
        "final",
        "last_kid",
        "best_so_far",
        "kimg",
        "seconds",
        "refused",
        "unlearnt",
    ]
    return pd.DataFrame(rows, columns=[*columns, *names])


def leading(table: pd.DataFrame, most: int) -> list[str]:
    """The cells of the best finished suggestions, the best first."""
    return list(ranked(table)["cell"].drop_duplicates().head(most))


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """The suggestions that finished and have learnt, the best first."""
    known = table[(table["status"] == Status.FINISHED) & table["final"].notna()]
    return known[known["unlearnt"] == ""].sort_values("final", kind="stable")
