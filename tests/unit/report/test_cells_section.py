"""The table of the cells: every column is explained."""

import pytest

from harness.analysis.frame import load
from harness.report.blocks import Table, Text
from harness.report.data import analyse
from harness.report.sections import cells
from tests.synthetic import Recipe, build


def test_the_lowest_kid_is_explained(tmp_path, small):
    data = analyse(load(Recipe.run_name, build(tmp_path, small)))
    text = next(block.text for block in cells.build(data) if isinstance(block, Text))
    table = next(block for block in cells.build(data) if isinstance(block, Table))
    place = table.columns.index("Lowest KID")
    assert "“Lowest KID” is the lowest KID × 10³ that a training had at any evaluation" in text
    lowest = data.frames.curves_of(data.plan.reference, data.cells["identity"].iloc[0])
    mean = 1000 * lowest.groupby("seed")["kid"].min().mean()
    assert float(table.rows[0][place]) == pytest.approx(mean, abs=0.06)
