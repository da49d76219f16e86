"""Where the uncertainty comes from: scoring a generator, or training it with another seed."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.analysis.frame import Frames
from harness.records import FINISHED

LIMIT = 0.1  # of the variance between seeds: above it, samples are cheaper than seeds


class Noise(NamedTuple):
    """Standard deviations of KID as measured, and what trials of a seed have in common."""

    evaluation: float  # standard error of one evaluation of the last fifth
    seeds: float  # between the seeds of a cell
    correlation: float  # intraclass, of cells over seeds: what pairing removes

    @property
    def share(self) -> float:
        """Variance of an evaluation as a share of that between seeds."""
        return (self.evaluation / self.seeds) ** 2 if self.seeds else math.nan


def noise(frames: Frames) -> Noise:
    """The components over all cells of the metric that most trials have; NaN where unknown."""
    trials = frames.trials[frames.trials["status"] == FINISHED].dropna(subset=["final"])
    if trials.empty:
        return Noise(math.nan, math.nan, math.nan)
    trials = trials[trials["identity"] == trials["identity"].mode()[0]]
    table = trials.pivot_table("final", "seed", "cell", aggfunc="first")
    spread = table.var(ddof=1)
    errors = _last(frames, trials)
    return Noise(
        math.sqrt(float((errors**2).mean())) if errors.notna().any() else math.nan,
        math.sqrt(float(spread.mean())) if spread.notna().any() else math.nan,
        correlation(table.dropna().to_numpy(float)),
    )


def _last(frames: Frames, trials: pd.DataFrame) -> "pd.Series[float]":
    """Standard errors of the last evaluation of each trial."""
    curves = frames.curves[frames.curves["key"].isin(trials["key"])]
    last: pd.Series[float] = (
        curves.sort_values("evaluation").groupby(["cell", "seed"])["kid_error"].last()
    )
    return last


def correlation(table: np.ndarray) -> float:
    """Intraclass correlation (3,1) of (seeds, cells): consistency of cells over seeds.

    Shrout & Fleiss 1979. 1: all cells move together from seed to seed; 0: nothing in common.
    """
    seeds, cells = table.shape
    if seeds < 2 or cells < 2:
        return math.nan
    rest = table - table.mean(0) - table.mean(1, keepdims=True) + table.mean()
    error = (rest**2).sum() / ((seeds - 1) * (cells - 1))
    between = cells * table.mean(1).var(ddof=1)
    total = between + (cells - 1) * error
    return float((between - error) / total) if total else math.nan
