"""Distances to the nearest training image: does a generator copy?

One that has learnt the distribution is as near to the training images as validation images are; one
that copies is nearer (Meehan et al. 2020, "A non-parametric test to detect data-copying in
generative models"; here over all images at once, not region by region).
"""

import math
from collections.abc import Iterable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.metrics.neighbours import Features, squared_distances

NEAR = 0.05  # share of the validation images that are nearest to training images
LEVEL = 1e-4  # of both tests: a study has hundreds of trials


class Nearness(NamedTuple):
    """Distances of generated images compared with those of validation images."""

    nearer: float  # share of pairs in which the generated image is nearer; 0.5 is expected
    near: float  # share nearer than all but about NEAR of the validation images,
    near_expected: float  # of which so many are expected, for the number of validation images
    median: float
    median_validation: float


def find_nearest(
    features: Features, training: Iterable[Features]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each of (n, d) features the nearest of others: its place and distance, (n,).

    `training`: the others in parts (k, d), of which each is let go before the next.
    """
    places, lowest = np.zeros(len(features), np.int64), np.full(len(features), np.inf)
    nearest, start = np.zeros(features.shape, features.dtype), 0
    for part in training:
        squares = squared_distances(features, part)
        best = squares.argmin(axis=1)
        values = squares[np.arange(len(features)), best]
        nearer = values < lowest
        places[nearer], nearest[nearer] = start + best[nearer], part[best[nearer]]
        lowest = np.minimum(lowest, values)
        start += len(part)
    # the expanded square above is no exact zero for a copy
    differences = np.asarray(features, np.float64) - nearest
    return places, np.sqrt((differences**2).sum(axis=1))


def compare_distances(generated: NDArray[np.float64], validation: NDArray[np.float64]) -> Nearness:
    """Compare distances to the nearest training image, (n,) and (m,); ties count half."""
    ordered = np.sort(validation)
    further = len(ordered) - np.searchsorted(ordered, generated, side="right")
    tied = np.searchsorted(ordered, generated, side="right") - np.searchsorted(ordered, generated)
    place = max(round(NEAR * (len(ordered) + 1)), 1)  # in the order of distances, from 1
    return Nearness(
        nearer=float((further + tied / 2).mean() / len(ordered)),
        near=float((generated < ordered[place - 1]).mean()),
        near_expected=place / (len(ordered) + 1),
        median=float(np.median(generated)),
        median_validation=float(np.median(validation)),
    )


def copies(nearness: Nearness, generated: int, validation: int) -> bool:
    """Whether so many generated images are nearer than validation images beyond chance.

    By the Mann-Whitney test of all distances, or by the number of the very near.
    """
    spread = math.sqrt((generated + validation + 1) / (12 * generated * validation))
    place = round(nearness.near_expected * (validation + 1))
    very_near = round(nearness.near * generated)
    chance = _chance(very_near, place, generated, validation)
    return chance < LEVEL or nearness.nearer > 0.5 + NormalDist(0, spread).inv_cdf(1 - LEVEL)


def _chance(count: int, place: int, generated: int, validation: int) -> float:
    """Probability that `count` or more generated distances are below the `place`-th of the others.

    All being draws of one distribution: of the smallest count + place - 1 distances then fewer than
    `place` are of validation images, and that number is hypergeometric.
    """
    drawn = count + place - 1
    whole = _log_choices(generated + validation, drawn)
    return sum(
        math.exp(_log_choices(validation, j) + _log_choices(generated, drawn - j) - whole)
        for j in range(max(drawn - generated, 0), place)
    )


def _log_choices(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
