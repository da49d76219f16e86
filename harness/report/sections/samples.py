"""Sample grids of the cells from the same latents: through training, best and worst, in between."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.analysis.frame import each_row
from harness.analysis.objectives import Objective
from harness.core import format as show
from harness.core.grids import GRID, PAIRS, WAY, Layout
from harness.report import pictures
from harness.report.blocks import Block, Gallery, Heading, Picture, Strip, Text
from harness.report.data import ReportData
from harness.report.nearest import TITLE, nearest_blocks
from harness.report.real import real_pictures, real_strips
from harness.report.sheet import ROOM, Row, draw_sheet
from harness.report.shown import Grid, Shown, shown_cells, shown_seed
from harness.runs import layout
from harness.runs.status import Status

STAGES = (0.0, 0.2, 0.5, 1.0)  # shares of a training: what is seen of a film while it stands
MOMENTS = 24  # of a film, where there is room
CELLS = 100  # with pictures; the tables have them all
BYTES, LEAST = 9_000_000, 1_500_000  # of pictures in the page, at most and at least:
ROW = 120  # bytes less for each row of the curves, whose table makes a report large, too
FILES = 4  # times as many bytes are in the page as in pictures of the folder
NAMED = 12  # cells left out that are named
REAL = "The first row of each comparison shows real images of the validation split."


DOUBLE = 2 * pictures.SMALL  # pixels that a grid of twice as many columns has at least
Real = dict[str, Path]  # label → picture of validation images


def build(data: ReportData) -> list[Block]:
    """A film of all cells, the best and the worst seed of each, ways between latents."""
    head = Heading("Samples", "samples")
    damaged = [Text(_damaged(data), "note")] if data.frames.damaged else []
    if data.frames.samples.empty:
        return [head, Text("No sample grid has been recorded yet.", "note"), *damaged]
    seed = shown_seed(data)
    with_grids = set(data.frames.samples["cell"])
    cells = [cell for cell in data.labels if cell in with_grids]
    shown = list(shown_cells(data, cells[:CELLS], seed))
    real = real_pictures(data, [item.cell for item in shown])
    room = max(BYTES - ROW * len(data.frames.curves), LEAST)
    # best, worst, a way between latents, pairs
    moments = min(max(room // _bytes(shown) - 5, 1), MOMENTS)
    files = _Files(room // FILES, data.labels)
    galleries = [
        _film(data, shown, real, moments),
        _extremes(data, shown, real, files),
        _between(data, shown, real, files),
    ]
    left = cells[CELLS:]
    names = ", ".join(data.names[cell] for cell in left[:NAMED]) + (
        " and others" if len(left) > NAMED else ""
    )
    left_out = (
        f"For want of room, pictures of {show.count(len(left), 'cell')} are left out: {names}."
    )
    return [
        head,
        Text(_how(data, seed)),
        *(gallery for gallery in galleries if gallery),
        *_pairs(data, shown, files),
        *nearest_blocks(data),
        *([Text(left_out, "note")] if left else []),
        *damaged,
    ]


def _damaged(data: ReportData) -> str:
    paths = data.frames.damaged
    names = ", ".join("/".join(Path(path).parts[-3:]) for path in paths[:NAMED])
    more = " and others" if len(paths) > NAMED else ""
    return f"Damaged and left out: {show.count(len(paths), 'picture')} ({names}{more})."


def _bytes(shown: Sequence[Shown]) -> int:
    """Bytes of one picture of every cell: the mean of the first grids, noise, and the last."""
    ends = [item.seeds[item.seed][place].path for item in shown for place in (0, -1)]
    return sum(len(pictures.webp(path)) for path in ends) // 2


def _how(data: ReportData, seed: int) -> str:
    translated = [bool(data.frames.configs[cell].get("translation.source")) for cell in data.labels]
    latents = "Every cell is shown the same latents, so grids differ by the cell alone."
    sources = (
        "A translation has no latents: its grids are outputs for the same sources of the "
        "validation images."
    )
    shown = sources if all(translated) else f"{latents} {sources}" if any(translated) else latents
    real = f" {REAL}" if len(real_pictures(data, data.labels)) else ""
    return f"Seed {seed}, unless another one is named. {shown}{real}"


class _Files:
    """Names and PNGs of pictures as long as there is room; without a name, a page has no link."""

    def __init__(self, room: int, labels: Sequence[str]) -> None:
        self.room = room
        self.places = {label: number for number, label in enumerate(labels)}

    def of(self, kind: str, cell: str, path: Path, form: Layout = GRID) -> dict[str, Any]:
        png = pictures.png(path, form)
        self.room -= len(png)
        slug = "".join(letter if letter.isalnum() else "-" for letter in cell)[:60]
        name = f"{kind}-{self.places[cell]}-{slug}"
        return {"name": name, "png": png} if self.room > 0 else {}


def _film(data: ReportData, shown: Sequence[Shown], real: Real, moments: int) -> Gallery:
    seed = shown_seed(data)
    picked = [_picked(item.seeds[item.seed], moments) for item in shown]
    strips = [
        Strip(
            item.name if item.seed == seed else f"{item.name} (seed {item.seed})",
            item.colour,
            [
                Picture(
                    grid.when,
                    f"Generated images of cell {item.name}, seed {item.seed}, {grid.when}",
                    pictures.webp(grid.path),
                    moment=grid.kimg,
                    still=still,
                )
                for grid, still in grids
            ],
        )
        for item, grids in zip(shown, picked, strict=True)
    ]
    rows = [
        Row(strip.label, tuple((grid.when, grid.path) for grid, still in grids if still))
        for strip, grids in zip(strips[:ROOM], picked, strict=False)
    ]
    rows = [*(Row(label, (("real", path),)) for label, path in real.items()), *rows]
    strips = [*real_strips(real), *strips]
    colours = {strip.label: strip.colour for strip in strips}
    names = ", ".join(row.cell for row in rows)
    return Gallery(
        "Through training",
        strips,
        film=any(len(strip.pictures) > 1 for strip in strips),
        name="samples",
        sheet=draw_sheet(rows, colours),
        alt=f"Grids of generated images through training, a row a cell: {names}",
    )


def _picked(grids: Sequence[Grid], moments: int) -> list[tuple[Grid, bool]]:
    """So many of them, evenly spread and the last among them; whether each is a still."""
    places = np.linspace(len(grids) - 1, 0, moments)
    few = [grids[place] for place in sorted(set(places.round().astype(int).tolist()))]
    kimg = np.array([grid.kimg for grid in few])
    stills = {int(np.abs(kimg - share * kimg[-1]).argmin()) for share in STAGES[:-1]}
    return [(grid, n in stills or grid is few[-1]) for n, grid in enumerate(few)]


def _extremes(
    data: ReportData, shown: Sequence[Shown], real: Real, files: _Files
) -> Gallery | None:
    by_cell = by_objective(data.frames.trials)
    strips = []
    for item in shown:
        rows = by_cell.get(item.cell, data.frames.trials.iloc[:0])
        rows = rows[rows["seed"].isin(list(item.seeds))]
        words = {1: ("the only seed with a value",), 0: ()}.get(len(rows), ("best", "worst"))
        pair = [
            _extreme(item, word, row, files, data.objective)
            for word, row in zip(words, each_row(rows.iloc[[0, -1][: len(words)]]), strict=True)
        ]
        if pair:
            strips.append(Strip(item.name, item.colour, pair))
    title = "The best and the worst seed of each cell, at the end"
    return Gallery(title, [*real_strips(real), *strips]) if strips else None


def by_objective(trials: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The trials of each cell that have a value, the best first."""
    values = _comparable(trials.dropna(subset=["final"]))
    return {str(cell): rows.sort_values("final") for cell, rows in values.groupby("cell")}


def _comparable(trials: pd.DataFrame) -> pd.DataFrame:
    """Of each cell the trials of the metric identity that most have: others have no order."""
    if trials.empty:
        return trials
    most = trials.groupby("cell")["identity"].transform(lambda names: names.mode().iloc[0])
    return trials[trials["identity"] == most]


def _extreme(item: Shown, word: str, trial: Any, files: _Files, judged: Objective) -> Picture:
    grid = item.seeds[trial.seed][-1]
    ended = f", diverged at {grid.when}" if trial.status == Status.DIVERGED else ""
    places = show.decimals([trial.final], judged.scale)
    value = show.kid(trial.final, places, scale=judged.scale)
    caption = f"{word}: seed {trial.seed}, {judged.unit} {value}{ended}"
    alt = f"Generated images of cell {item.name} at the end, {caption}"
    kind = word.split()[-1] if word in ("best", "worst") else "only"
    return Picture(
        caption, alt, pictures.webp(grid.path), **files.of(f"samples-{kind}", item.cell, grid.path)
    )


def _between(data: ReportData, shown: Sequence[Shown], real: Real, files: _Files) -> Gallery | None:
    strips = [
        Strip(item.name, item.colour, [_way(item, path, files)])
        for item, path in _of(data, shown, layout.INTERPOLATION)
    ]
    first = real_strips(real, GRID, WAY, DOUBLE)
    return Gallery("Interpolation between latents", [*first, *strips]) if strips else None


def _of(data: ReportData, shown: Sequence[Shown], name: str) -> Iterator[tuple[Shown, Path]]:
    """The cells that have a picture of this name, with it."""
    rows = each_row(data.frames.pictures)
    paths = {(row.cell, row.seed): Path(row.path) for row in rows if row.name == name}
    for item in shown:
        if path := paths.get((item.cell, item.seed)):
            yield item, path


def _pairs(data: ReportData, shown: Sequence[Shown], files: _Files) -> Iterator[Gallery]:
    strips = []
    for item, path in _of(data, shown, layout.NEAREST_PAIRS):
        alt = (
            f"Generated images of cell {item.name}, each to the left of its nearest training image"
        )
        caption = f"seed {item.seed}, at the end: generated, nearest training image"
        file = files.of("nearest", item.cell, path, PAIRS)
        picture = Picture(caption, alt, pictures.webp(path, PAIRS, width=DOUBLE), **file)
        strips.append(Strip(item.name, item.colour, [picture]))
    real = real_pictures(data, [item.cell for item in shown], layout.VALIDATION_PAIRS)
    if strips:
        first = real_strips(real, PAIRS, width=DOUBLE)
        yield Gallery(f"{TITLE}: in each pair, an image and the nearest", [*first, *strips])


def _way(item: Shown, path: Path, files: _Files) -> Picture:
    alt = f"Generated images of cell {item.name}, seed {item.seed}, on the way between latents"
    caption = f"seed {item.seed}, at the end"
    return Picture(
        caption,
        alt,
        pictures.webp(path, WAY, width=DOUBLE),
        **files.of("interpolation", item.cell, path, WAY),
    )
