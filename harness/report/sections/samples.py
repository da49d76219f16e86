"""Sample grids of the cells side by side, from the same latents."""

from pathlib import Path

import pandas as pd

from harness.plots.style import looks
from harness.records import FINISHED
from harness.report import format as show
from harness.report.blocks import Block, Gallery, Heading, Picture, Text
from harness.report.data import ReportData

EARLY = 0.2  # share of the training after which "early" grids are looked for
MOST_BYTES = 8_000_000  # of pictures in one page


def build(data: ReportData) -> list[Block]:
    """For the seed that most cells have: the grids early on, and the last ones."""
    head = Heading("Samples", "samples")
    samples = data.frames.samples
    if samples.empty:
        return [head, Text("No sample grid has been recorded yet.", "note")]
    seed = _seed(data)
    grids = dict(tuple(samples[samples["seed"] == seed].groupby("cell")))
    early: list[Picture] = []
    last: list[Picture] = []
    used = 0
    left_out = []
    for cell in data.labels:
        if cell not in grids:
            continue
        pair = _pair(data, cell, seed, grids[cell])
        used += sum(len(picture.png) for picture in pair)
        if used > MOST_BYTES and last:
            left_out.append(cell)
            continue
        early.append(pair[0])
        last.append(pair[1])
    how = f"Seed {seed}. Every cell is shown the same latents, so grids differ by the cell alone."
    blocks: list[Block] = [head, Text(how), Gallery("At the end", last), Gallery("Early on", early)]
    if left_out:
        blocks.append(Text(f"Not shown for want of room: {', '.join(left_out)}.", "note"))
    return blocks


def _seed(data: ReportData) -> int:
    """The first of the seeds that most cells finished, or, failing that, have a grid of."""
    trials = data.frames.trials
    finished = trials.loc[trials["status"] == FINISHED, ["cell", "seed"]]
    whole = data.frames.samples.merge(finished, on=["cell", "seed"])
    rows = data.frames.samples if whole.empty else whole
    return int(str(rows.groupby("seed")["cell"].nunique().idxmax()))


def _pair(data: ReportData, cell: str, seed: int, grids: pd.DataFrame) -> tuple[Picture, Picture]:
    """The grid nearest to a fifth of the training (not the untrained one), and the last."""
    rows = grids.sort_values("iteration")
    trained = rows[rows["iteration"] > 0]
    end = rows.iloc[-1]
    early = end
    if len(trained):
        distance = (trained["iteration"] - EARLY * end["iteration"]).abs()
        early = trained.loc[distance.idxmin()]
    return tuple(_picture(data, cell, seed, row) for row in (early, end))  # type: ignore[return-value]


def _picture(data: ReportData, cell: str, seed: int, row: "pd.Series[str]") -> Picture:
    iteration = int(row["iteration"])
    curves = data.frames.curves
    at = curves[
        (curves["cell"] == cell) & (curves["seed"] == seed) & (curves["iteration"] == iteration)
    ]
    when = f"{show.plain(at['kimg'].iloc[0])} kimg" if len(at) else f"iteration {iteration}"
    slug = "".join(letter if letter.isalnum() else "-" for letter in cell)
    colour = looks(data.labels, data.plan["reference"])[cell].colour
    alt = f"Grid of generated images of cell {cell}, seed {seed}, after {when}"
    name = f"samples-{data.labels.index(cell)}-{slug[:60]}-{iteration}"
    return Picture(name, cell, when, colour, alt, Path(row["path"]).read_bytes())
