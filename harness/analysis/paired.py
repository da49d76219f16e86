"""Contrasts seed by seed: the paired differences that every estimate and test is made of."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from harness.runs.status import Status


class _Side(NamedTuple):
    """The value of one cell in one seed, as a contrast weighs it."""

    weight: float
    value: float
    failed: bool
    unreached: bool  # a time that its budget stands for


def differences(trials: pd.DataFrame, weights: Mapping[str, float]) -> pd.DataFrame:
    """One row a seed whose cells all have a value of the same metric identity.

    Columns: seed, identity, difference, finished (no side diverged), diverged (how many sides),
    diverged_following, diverged_ignoring (whether any cell of that side did), diverged_alone (all
    cells of one side, none of the other), censored (on both sides nothing but budgets).
    Values of different identity never meet; where seeds differ in it, the most frequent one counts.
    """
    identity, seeds = _whole(trials, weights)
    helped = sum(weight > 0 for weight in weights.values())
    alone = {(helped, 0), (0, len(weights) - helped)}
    lost = [(_lost(sides, 1), _lost(sides, -1)) for sides in seeds.values()]
    # plain lists: a grouped data frame takes thirty times as long, and reports ask for hundreds
    return pd.DataFrame(
        {
            "seed": np.array(list(seeds), np.int64),
            "identity": pd.Series([identity] * len(seeds), dtype=str),
            "difference": np.array([_difference(sides) for sides in seeds.values()], float),
            "diverged": np.array([sum(pair) for pair in lost], np.int64),
            "censored": np.array(
                [all(s.unreached for s in sides) for sides in seeds.values()], bool
            ),
            "finished": np.array([sum(pair) == 0 for pair in lost], bool),
            "diverged_following": np.array([following > 0 for following, _ in lost], bool),
            "diverged_ignoring": np.array([ignoring > 0 for _, ignoring in lost], bool),
            "diverged_alone": np.array([pair in alone for pair in lost], bool),
        }
    )


def _whole(
    trials: pd.DataFrame, weights: Mapping[str, float]
) -> tuple[str, dict[int, list[_Side]]]:
    """The most frequent identity, and by seed the cells that all have a value of it."""
    groups: dict[tuple[int, str], list[_Side]] = {}
    for (_, seed), (identity, side) in _scored(trials, weights).items():
        groups.setdefault((seed, identity), []).append(side)
    whole = {place: sides for place, sides in groups.items() if len(sides) == len(weights)}
    counts = Counter(identity for _, identity in whole)
    most = min(counts, key=lambda identity: (-counts[identity], identity), default="")
    return most, {seed: whole[seed, each] for seed, each in sorted(whole) if each == most}


def _scored(
    trials: pd.DataFrame, weights: Mapping[str, float]
) -> dict[tuple[str, int], tuple[str, _Side]]:
    """Cell and seed → metric identity and value, of trials that have both; the first one counts."""
    reached = trials["censored"] > 0 if "censored" in trials else [False] * len(trials)
    columns = (trials[name] for name in ("cell", "seed", "identity", "final", "status"))
    scored: dict[tuple[str, int], tuple[str, _Side]] = {}
    for cell, seed, identity, value, status, unreached in zip(*columns, reached, strict=True):
        if cell in weights and isinstance(identity, str) and not math.isnan(value):
            side = _Side(weights[cell], value, status != Status.FINISHED, bool(unreached))
            scored.setdefault((cell, int(seed)), (identity, side))
    return scored


def _lost(sides: Sequence[_Side], sign: int) -> int:
    """How many cells of the side with this sign diverged."""
    return sum(side.failed and side.weight * sign > 0 for side in sides)


def _difference(sides: Sequence[_Side]) -> float:
    """The weighted sum, rounded once, so that values which cancel leave nothing."""
    parts = [side.weight * side.value for side in sides]
    try:
        return math.fsum(parts)
    except (OverflowError, ValueError):  # infinite ones, of both signs or together
        return sum(parts)
