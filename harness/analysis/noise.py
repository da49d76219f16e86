"""Where the variance of a contrast comes from, and so what would narrow its interval.

From the table (seeds, blocks) of paired differences of block values, averaged over the evaluations
of the objective (two-way analysis of variance without replicates): its residual is the noise of
evaluations, which seeds average out; what blocks have in common in all seeds is that the real
images are always the same, which no number of seeds removes. Successive evaluations within a seed
give the training's short-term ups and downs; the rest is what a seed does to a cell. Each contrast
by itself: two wild cells would swamp all others.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.analysis.blocks import Array, Blocks
from harness.analysis.effects import differences
from harness.analysis.frame import Frames
from harness.analysis.remedies import (
    SEEDS,
    Costs,
    Parts,
    Settings,
    cheapest,
    doubled,
    product,
    schedules,
)
from harness.config.patch import schedule
from harness.plan.naming import contrast_names
from harness.plan.reach import EXACT
from harness.runs.plan import ContrastRecord
from harness.runs.status import Status

BLOCKS, ERRORS = "blocks", "standard errors"


class Noise(NamedTuple):
    """Parts of the variance of one difference a seed (KID², as measured); NaN where unknown."""

    contrast: str
    title: str
    n: int  # seeds in which no side diverged
    variance: float = math.nan
    evaluation: float = math.nan
    short_term: float = math.nan  # of the training; NaN of one evaluation
    rest: float = math.nan  # seed × cell; holds what is unknown of the others
    images: float = math.nan  # of the mean, in no seed's difference: the fixed real images
    removed: float = math.nan  # share of the variance that pairing takes away; below 0: it adds
    by: str = ""  # what `evaluation` was told from
    # variance × cost, as a multiple of today's, of which twice the seeds leave 1
    more_samples: float = math.nan  # of twice the samples
    more_evaluations: float = math.nan  # of twice the evaluations in the last fifth
    factor: float = math.nan  # of what is advised
    advice: str = ""


def split_variance(frames: Frames) -> pd.DataFrame:
    """One row a contrast that two seeds finished, in the order of the plan."""
    names = contrast_names(frames.plan.contrasts)
    rows = [_noise(frames, one, names[one.name]) for one in frames.plan.contrasts]
    table = pd.DataFrame(rows, columns=list(Noise._fields))
    return table[table["n"] > 1].reset_index(drop=True)


def _noise(frames: Frames, contrast: ContrastRecord, title: str) -> Noise:
    name, weights = contrast.name, contrast.weights
    seeds = differences(frames.trials, weights)
    seeds = seeds[seeds["finished"]]
    n = len(seeds)
    if n < 2:
        return Noise(name, title, n)
    variance = float(seeds["difference"].var(ddof=1))
    table = [[frames.blocks.get((cell, seed)) for cell in weights] for seed in seeds["seed"]]
    evaluation, images, by = _evaluation(table, list(weights.values()))
    short = _short_term(table, list(weights.values()), evaluation)
    known = [part for part in (evaluation, short) if math.isfinite(part)]
    rest = max(0.0, variance - sum(known)) if known else math.nan
    alone = _alone(frames.trials, weights, list(seeds["seed"]), str(seeds["identity"].iloc[0]))
    removed = 1 - variance / alone if alone else math.nan
    told = Noise(name, title, n, variance, evaluation, short, rest, images, removed, by)
    # of two seeds, or of errors that miss a part, any would be a guess
    return told if n < 3 or by != BLOCKS else _advised(told, frames, list(weights), seeds)


Table = Sequence[Sequence[Blocks | None]]  # seeds, cells


def _known(table: Table) -> list[list[Blocks]]:
    """The table, if all of it is known and alike in shape; else empty."""
    rows = [[cell for cell in row if cell is not None] for row in table]
    whole = all(len(row) == len(every) for row, every in zip(rows, table, strict=True))
    shapes = {len(cell.weights) for row in rows for cell in row}
    return rows if whole and len(shapes) == 1 else []


def _evaluation(table: Table, weights: Sequence[float]) -> tuple[float, float, str]:
    """Variance by evaluations of a seed's difference, by images of the mean; what told it."""
    rows = _known(table)
    shapes = {None if cell.parts is None else cell.parts.shape for row in rows for cell in row}
    if len(shapes) == 1 and None not in shapes:
        return (*two_way(np.array([_parts(row, weights) for row in rows])), BLOCKS)
    squares = [
        sum(_square(cell) * weight**2 for cell, weight in zip(row, weights, strict=True))
        for row in rows
    ]
    if squares and all(map(math.isfinite, squares)):
        return float(np.mean(squares)), math.nan, ERRORS
    return math.nan, math.nan, ""


def _parts(row: Sequence[Blocks], weights: Sequence[float]) -> Array:
    """A seed's difference, block by block, of what its evaluations average: (blocks,)."""
    return _mixed([cell.weights @ cell.parts for cell in row if cell.parts is not None], weights)


def _square(cell: Blocks) -> float:
    return float(cell.weights**2 @ cell.errors**2)


def two_way(D: Array) -> tuple[float, float]:
    """Of differences (seeds, blocks): variance of a seed's mean by evaluation, of all by blocks."""
    seeds, parts = D.shape
    mean = D.mean(0)
    rest = D - D.mean(1, keepdims=True) - mean + D.mean()
    residual = float((rest**2).sum()) / ((seeds - 1) * (parts - 1))
    between = seeds * float(mean.var(ddof=1))
    return residual / parts, max(0.0, between - residual) / seeds / parts


def _short_term(table: Table, weights: Sequence[float], evaluation: float) -> float:
    """Variance by ups and downs between successive evaluations, beyond the noise of these.

    What all seeds do alike between two evaluations is progress, and no noise.
    """
    rows = _known(table)
    if not rows or len(rows[0][0].weights) < 2 or not math.isfinite(evaluation):
        return math.nan
    D = np.array([_mixed([cell.kids for cell in row], weights) for row in rows])
    alone = float((np.diff(D, axis=1).var(axis=0, ddof=1) / 2).mean())
    together = alone * float((rows[0][0].weights ** 2).sum())
    return max(0.0, together - evaluation)


def _mixed(parts: Sequence[Array], weights: Sequence[float]) -> Array:
    mixed: Array = np.tensordot(np.asarray(weights, float), np.array(parts), 1)
    return mixed


def _alone(
    trials: pd.DataFrame, weights: Mapping[str, float], seeds: Sequence[int], identity: str
) -> float:
    """The variance that the difference would have if its cells had nothing in common."""
    scored = trials[trials["seed"].isin(list(seeds)) & (trials["identity"] == identity)]
    scored = scored[scored["status"] == Status.FINISHED].drop_duplicates(["cell", "seed"])
    spread = scored.groupby("cell")["final"].var(ddof=1)
    return float(sum(weight**2 * spread[cell] for cell, weight in weights.items()))


def _advised(noise: Noise, frames: Frames, cells: Sequence[str], seeds: pd.DataFrame) -> Noise:
    """How the interval would narrow at the lowest cost; nothing where a part of it is unknown."""
    now = _settings(frames, cells, str(seeds["identity"].iloc[0]))
    costs = _costs(frames, cells, list(seeds["seed"]), now) if now else None
    if not now or not costs or not noise.variance or not math.isfinite(noise.evaluation):
        return noise
    rest = noise.rest + float(np.nan_to_num(noise.short_term))
    parts = Parts(noise.evaluation, rest, noise.images, noise.n)
    window = frames.plan.objective == "final"  # other objectives look at all evaluations
    samples, closer = (product(parts, costs, now, then) for then in doubled(now))
    told = noise._replace(
        more_samples=samples,
        more_evaluations=closer if window else math.nan,
        factor=1.0,
        advice=SEEDS,
    )
    if noise.n < EXACT:  # the test itself needs them
        return told
    among = schedules(now.schedule) if window else [now.schedule]
    remedy = cheapest(parts, costs, now, among, _available(frames, cells[0], now.samples))
    return told._replace(factor=remedy.factor, advice=remedy.settings.text) if remedy else told


def _settings(frames: Frames, cells: Sequence[str], identity: str) -> Settings | None:
    """How the cells of a contrast are scored; None where that is unknown or not one way."""
    planned = {schedule(frames.configs[cell]) for cell in cells}
    images = frames.metrics.loc[frames.metrics["identity"] == identity, "n"].dropna()
    if len(planned) != 1 or len(images) != 1:
        return None
    return Settings(planned.pop(), int(images.iloc[0]))


def _costs(
    frames: Frames, cells: Sequence[str], seeds: Sequence[int], settings: Settings
) -> Costs | None:
    """Mean seconds of the trials of a contrast; None where they are not those of its evaluations.

    A trial that was scored again has the seconds of its first scoring, and fewer evaluations.
    """
    count = settings.schedule.evaluations + 1
    curves, trials = (
        table[table["cell"].isin(list(cells)) & table["seed"].isin(list(seeds))]
        for table in (frames.curves, frames.trials)
    )
    taken = trials[["seconds", "evaluation_seconds"]].mean()
    whole = len(curves) == count * len(cells) * len(seeds) and (taken > 0).all()
    return Costs(taken["seconds"], taken["evaluation_seconds"] / count) if whole else None


def _available(frames: Frames, cell: str, samples: int) -> int:
    """Validation images; where their number is not recorded, those that an evaluation has."""
    sides = frames.images.get(cell, {})
    return int(sides.get("validation", {}).get("used") or samples)
