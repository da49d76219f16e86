"""Generated images next to their nearest training images: do generators copy?"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from harness.analysis.frame import each_row
from harness.core import format as show
from harness.metrics.nearest import NEAR
from harness.report.blocks import Block, Cell, Items, Table, Tag
from harness.report.data import ReportData

TITLE = "Nearest training images"


def nearest_blocks(data: ReportData) -> Iterator[Block]:
    """Whether generated images are nearer to training images than validation images are.

    Nothing of a record without such distances, as of an earlier version.
    """
    near = data.frames.nearest
    near = near[near["cell"].isin(data.labels)]
    if near.empty:
        return
    signs, total = _signs(near), show.count(len(near), "training")
    outcome = (
        f"A sign of memorising in {signs} of {total}"
        if signs
        else f"No sign of memorising in {total}"
    )
    yield Items(outcome, list(_how(data, near)), "warning" if signs else "plain")
    expected: list[Cell] = ["expected of new images", "", "50 %", _NEAREST, ""]
    yield Table(
        "Share of generated images that are nearer to a training image than a validation image",
        ["Cell", "Trials", "Drawn at random", f"Of the nearest {_NEAREST}", "Memorising"],
        [expected, *(_row(data.names[cell], rows) for cell, rows in _by_cell(data, near))],
        frozenset({1, 2, 3}),
        "tables/nearest.csv",
    )


_NEAREST = show.percent(NEAR)


def _signs(near: pd.DataFrame) -> int:
    return int(near["sign"].sum())


def _how(data: ReportData, near: pd.DataFrame) -> Iterator[str]:
    same = ["metric", "generated", "validation", "searched", "training"]
    for row in each_row(near[same].drop_duplicates()):
        few = "" if row.searched == row.training else f" {show.whole(row.searched)} of"
        yield (
            f"At the end of a training, {show.count(int(row.generated), 'generated image')} and "
            f"{show.count(int(row.validation), 'validation image')} are compared with{few} "
            f"{show.count(int(row.training), 'training image')}, by the distance of their features "
            f"({_encoder(data, row.metric)})."
        )
    yield (
        "New images of the same distribution would be nearer than a validation image drawn at "
        f"random in 50 % of cases, and nearer than the {_NEAREST} of validation images that are "
        f"nearest in {_NEAREST}. Clearly more is a sign of memorising, or of images that are all "
        "alike and typical; less says that images are unlike the data."
    )


def _encoder(data: ReportData, identity: str) -> str:
    for metric in each_row(data.frames.metrics):
        if metric.identity == identity:
            return data.encoder(metric) + show.pixels(metric.resolution)
    return identity.partition(".")[0]


def _by_cell(data: ReportData, near: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for cell in data.labels:
        rows = near[near["cell"] == cell]
        if len(rows):
            yield cell, rows


def _row(cell: str, rows: pd.DataFrame) -> list[Cell]:
    shares: list[Any] = [show.percent(float(rows[name].mean()), 0) for name in ("nearer", "near")]
    signs = _signs(rows)
    sign = Tag(f"sign in {signs} of {len(rows)}", "bad") if signs else Tag("no sign", "neutral")
    return [cell, str(len(rows)), *shares, sign]
