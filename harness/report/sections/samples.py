"""Sample grids of the cells side by side, from the same latents, as training went on."""

from io import BytesIO
from pathlib import Path

import pandas as pd
from PIL import Image

from harness.plots.style import looks
from harness.records import FINISHED
from harness.report import format as show
from harness.report.blocks import Block, Gallery, Heading, Picture, Text
from harness.report.data import ReportData

STAGES = {"Early": 0.2, "Half-way": 0.5, "At the end": 1.0}  # share of the training
WIDTH = 480  # pixels that a grid has at least: a whole multiple of its own
MOST_BYTES = 8_000_000  # of pictures in one page


def build(data: ReportData) -> list[Block]:
    """For the seed that most cells have: a row of cells for each stage of the training."""
    head = Heading("Samples", "samples")
    samples = data.frames.samples
    if samples.empty:
        return [head, Text("No sample grid has been recorded yet.", "note")]
    seed = _seed(data)
    grids = dict(tuple(samples[samples["seed"] == seed].groupby("cell")))
    stages: dict[str, list[Picture]] = {}
    used = 0
    left_out = []
    for cell in [label for label in data.labels if label in grids]:
        pictures = _pictures(data, cell, seed, grids[cell])
        size = sum(len(picture.png) for picture in pictures.values())
        if used and used + size > MOST_BYTES:
            left_out.append(cell)
            continue
        used += size
        for stage, picture in pictures.items():
            stages.setdefault(stage, []).append(picture)
    how = f"Seed {seed}. Every cell is shown the same latents, so grids differ by the cell alone."
    galleries = [_gallery(stage, stages[stage]) for stage in STAGES if stage in stages]
    blocks: list[Block] = [head, Text(how), *galleries]
    if left_out:
        blocks.append(Text(f"Not shown for want of room: {', '.join(left_out)}.", "note"))
    return blocks


def _gallery(stage: str, pictures: list[Picture]) -> Gallery:
    moments = dict.fromkeys(picture.when for picture in pictures)
    return Gallery(f"{stage} ({', '.join(moments)})", pictures)


def _seed(data: ReportData) -> int:
    """The first of the seeds that most cells finished, or, failing that, have a grid of."""
    trials = data.frames.trials
    finished = trials.loc[trials["status"] == FINISHED, ["cell", "seed"]]
    whole = data.frames.samples.merge(finished, on=["cell", "seed"])
    rows = data.frames.samples if whole.empty else whole
    return int(str(rows.groupby("seed")["cell"].nunique().idxmax()))


def _pictures(data: ReportData, cell: str, seed: int, grids: pd.DataFrame) -> dict[str, Picture]:
    """Stage → the grid nearest to it, each grid once; the untrained one only where it is all."""
    rows = grids.sort_values("iteration")
    end = rows["iteration"].iloc[-1]
    trained = rows[rows["iteration"] > 0] if end else rows
    pictures = {}
    for stage, share in reversed(STAGES.items()):
        if trained.empty:
            break
        nearest = (trained["iteration"] - share * end).abs().idxmin()
        pictures[stage] = _picture(data, cell, seed, trained.loc[nearest])
        trained = trained[trained["iteration"] < trained.loc[nearest, "iteration"]]
    return pictures


def _picture(data: ReportData, cell: str, seed: int, row: "pd.Series[str]") -> Picture:
    iteration = int(row["iteration"])
    curves = data.frames.curves
    at = curves[
        (curves["cell"] == cell) & (curves["seed"] == seed) & (curves["iteration"] == iteration)
    ]
    when = f"{show.number(at['kimg'].iloc[0])} kimg" if len(at) else f"iteration {iteration}"
    slug = "".join(letter if letter.isalnum() else "-" for letter in cell)
    colour = looks(data.labels, data.plan["reference"])[cell].colour
    alt = f"Grid of generated images of cell {cell}, seed {seed}, after {when}"
    name = f"samples-{data.labels.index(cell)}-{slug[:60]}-{iteration}"
    return Picture(name, cell, when, colour, alt, enlarged(Path(row["path"])))


def enlarged(path: Path) -> bytes:
    """The grid as a PNG at least `WIDTH` wide, each pixel a square: viewers would blur it."""
    with Image.open(path) as grid:
        times = -(-WIDTH // grid.width)
        if times == 1:
            return path.read_bytes()
        file = BytesIO()
        large = grid.resize((times * grid.width, times * grid.height), Image.Resampling.NEAREST)
        large.save(file, "png")
        return file.getvalue()
