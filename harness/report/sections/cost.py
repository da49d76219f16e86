"""Costs of each cell."""

from typing import Any

from harness.analysis.frame import each_row
from harness.core import format as show
from harness.report.blocks import Block, Cell, Heading, Label, Table, Text
from harness.report.data import ReportData
from harness.runs.status import Status


def build(data: ReportData) -> list[Block]:
    """Mean cost of a finished trial by cell, relative to the reference."""
    head = Heading("Cost", "cost")
    if not data.count(Status.FINISHED):
        return [head, Text("No trial has finished yet.", "note")]
    rows: list[list[Cell]] = [
        [
            Label(data.names[row.cell], _sizes(row)),
            str(row.trials),
            show.number(row.kimg, 1),
            _relative(show.number(row.generator_updates, 0), row.relative_generator_updates),
            _relative(show.duration(row.seconds), row.relative_seconds),
            show.number(row.images_per_second, 0),
            show.duration(row.evaluation_seconds),
        ]
        for row in each_row(data.costs)
    ]
    columns = ["Cell", "Finished", "kimg", "Generator updates", "Training", "Images/s",
               "Evaluation"]  # fmt: skip
    trials = data.frames.trials
    total = trials["seconds"].sum() + trials["evaluation_seconds"].sum()
    how = f"All trials together took {show.duration(total)} of training and evaluation."
    caption = "Mean of the finished trials of a cell; in brackets relative to the reference"
    return [
        head,
        Text(how),
        Table(caption, columns, rows, frozenset(range(1, 7)), "tables/cost.csv"),
    ]


def _sizes(row: Any) -> str:
    counts = row.generator_parameters, row.discriminator_parameters
    generator, discriminator = (show.number(count, 0) for count in counts)
    return f"parameters: G {generator}, D {discriminator}"


def _relative(text: str, ratio: float) -> str:
    return text if text == show.NONE else f"{text} ({show.ratio(ratio)})"
