"""Chosen values of each cell, the cost of tuning, and the ranking without it."""

import pandas as pd

from harness.analysis.frame import each_row
from harness.analysis.objectives import Objective
from harness.analysis.ranked import ranked_rows
from harness.analysis.tuning import at_edges
from harness.core import format as show
from harness.report import words
from harness.report.blocks import Block, Cell, Code, Heading, Items, Label, Table, Tag, Text
from harness.report.data import ReportData
from harness.report.pasted import tuned
from harness.report.sections.ranking import verdict
from harness.report.suggested import edge_phrase
from harness.runs.stages import TuningRecord

OPENED = 24  # rows of points that a page shows at once; more are folded


def build(data: ReportData) -> list[Block]:
    """Nothing where the study does not tune."""
    tuning = data.plan.tuning
    if data.points is None or tuning is None:
        return []
    how = _how(data.plan.objective, tuning, data.points)
    blocks: list[Block] = [Heading("Tuning", "tuning"), Text(how)]
    if unfinished := words.tuning(data):
        blocks.append(Text(f"{unfinished}.", "warning"))
    elif tuning.chosen:
        blocks += _advice(data, tuning)
    blocks.append(_points(data, data.points))
    if data.untuned is not None and not unfinished and not data.ranking.empty:
        blocks.append(_rankings(data.ranking, data.untuned, data.objective))
    return blocks


def _how(objective: str, tuning: TuningRecord, points: pd.DataFrame) -> str:
    seeds = show.listed(map(str, tuning.seeds))
    cost = show.duration(points["seconds"].sum())
    return (
        "Each cell was trained at each point of the grid, and the one with the lowest mean of the "
        f"objective “{objective}” was chosen, cell by cell. The seeds that chose "
        f"({seeds}) are none of those that judge. A diverged trial counts with its failure value. "
        f"Tuning took {show.count(int(points['trials'].sum()), 'trial')}, "
        f"{show.number(points['kimg'].sum(), 0)} kimg and {cost}; "
        "the section on cost leaves that out."
    )


def _advice(data: ReportData, tuning: TuningRecord) -> list[Block]:
    """Where chosen values lie at an edge of the grid, and the chosen points to paste."""
    edges = at_edges(tuning, data.frames.points)
    named = [f"{data.names[cell]}: {edge_phrase(edge)}." for cell, edge in edges]
    wider: list[Block] = [Items("Tune wider: chosen values lie at an edge", named)] if named else []
    how = "The chosen points, to paste into a study with design: one_at_a_time:"
    return [*wider, Text(how), Code(tuned(data.plan, tuning))]


def _points(data: ReportData, points: pd.DataFrame) -> Table:
    judged = data.objective
    places = show.decimals(points["mean"], judged.scale)
    rows: list[list[Cell]] = [
        [
            data.names[row.cell],
            row.point,
            show.kid(row.mean, places, scale=judged.scale),
            f"{row.trials - row.open} of {row.trials}" if row.trials else show.NONE,
            _failed(row.diverged, row.crashed),
            show.duration(row.seconds),
            Tag("chosen", "good") if row.chosen else "",
        ]
        for row in each_row(points)
    ]
    columns = ["Cell", "Values", judged.unit, "n", "Failed", "Computing time", "Choice"]
    return Table(
        "Mean objective at each point, on the tuning seeds",
        columns,
        rows,
        frozenset({2, 3, 5}),
        "tables/tuning.csv",
        folded=len(rows) > OPENED,
        grouped=True,
    )


def _failed(diverged: int, crashed: int) -> str:
    counts = [f"{n} {word}" for n, word in ((diverged, "diverged"), (crashed, "crashed")) if n]
    return ", ".join(counts) or show.NONE


def _rankings(tuned: pd.DataFrame, untuned: pd.DataFrame, by: Objective) -> Table:
    """In the order of the tuned ranking."""
    now = ranked_rows(tuned, by.scale, untuned["effect"])
    former = ranked_rows(untuned, by.scale, tuned["effect"])
    before = {row.contrast: (place, row) for place, row in enumerate(former, 1)}
    rows: list[list[Cell]] = []
    for place, row in enumerate(now, 1):
        was, other = before[row.contrast]
        _, title = row.names
        rows.append(
            [
                title,
                *(str(at) if one.n else show.NONE for at, one in ((place, row), (was, other))),
                *(Label(one.effect_text, one.interval_text) for one in (row, other)),
                *(verdict(one) for one in (row, other)),
            ]
        )
    columns = ["Tip", "#", "# untuned", "Effect", "Effect untuned", "Verdict", "Verdict untuned"]
    return Table(
        f"The ranking, and what it would be had no cell been tuned (effects on {by.unit})",
        columns,
        rows,
        frozenset({1, 2, 3, 4}),
        "tables/untuned.csv",
    )
