"""Coverage: the share of real images with a generated one among their neighbours.

Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models", equation 7.
"""

import math

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import HarnessError

Features = NDArray[np.floating]
NEIGHBOURS = 5  # k of the paper's experiments
CHUNK = 256  # rows at a time: bounds the memory, changes no value
SEARCHED = 1024  # generated features at a time


def radii(real: Features, neighbours: int = NEIGHBOURS) -> NDArray[np.float64]:
    """Squared distance of each of (m, d) real features to its k-th nearest other one: (m,)."""
    if len(real) <= neighbours:
        raise HarnessError(
            f"coverage: {len(real)} real images have no {neighbours} neighbours each; "
            f"at least {neighbours + 1} are needed"
        )
    result = np.empty(len(real))
    everything = real.astype(np.float64)
    for start in range(0, len(real), CHUNK):
        distances = squared_distances(everything[start : start + CHUNK], everything)
        rows = np.arange(len(distances))
        distances[rows, start + rows] = 0.0  # itself: exactly the nearest, whatever the rounding
        result[start : start + CHUNK] = np.partition(distances, neighbours, axis=1)[:, neighbours]
    return result


def measure_coverage(generated: Features, real: Features, real_radii: NDArray[np.float64]) -> float:
    """Share of the real features whose ball (squared radius from `radii`) holds a generated one.

    Decided in float32 where its error cannot matter, in float64 elsewhere.
    """
    nearest, error = _nearest(generated, real, real_radii)
    covered = nearest < real_radii
    unsure = ~(np.abs(nearest - real_radii) > error)  # so written, NaN is unsure, too
    covered[unsure] = _nearest_exactly(generated, real[unsure]) < real_radii[unsure]
    return float(covered.mean())


def _nearest(
    generated: Features, real: Features, limits: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Squared distance of each real feature to the nearest generated one, and its largest error.

    In float32; the search for a real feature ends with one that is surely within its limit.
    """
    centre = real.mean(axis=0)  # shorter features, smaller error
    x, y = real - centre, generated - centre
    squares, others = ((side.astype(np.float64) ** 2).sum(axis=1) for side in (x, y))
    largest = np.concatenate([squares, others]).max() or 1.0
    # twice the bound of a scalar product in any order (Higham 2002, section 3.1), 8 for the rest
    error = 2.0 * (real.shape[1] + 8) * np.finfo(np.float32).eps * largest
    longest = math.sqrt(largest)
    # at most 1 long, so that nothing overflows
    x, y = (np.asarray(side / longest, np.float32) for side in (-2.0 * x, y))
    lengths = (others / largest).astype(np.float32)
    enough = (limits - error - squares) / largest
    nearest, left = np.full(len(x), np.inf), np.arange(len(x))
    for start in range(0, len(y), SEARCHED):
        part = slice(start, start + SEARCHED)
        distances = x[left] @ y[part].T
        distances += lengths[part]
        nearest[left] = np.minimum(nearest[left], distances.min(axis=1))
        left = left[~(nearest[left] < enough[left])]
    return squares + nearest * largest, float(error)


def _nearest_exactly(generated: Features, real: Features) -> NDArray[np.float64]:
    nearest = np.empty(len(real))
    for start in range(0, len(real), CHUNK):
        part = slice(start, start + CHUNK)
        nearest[part] = squared_distances(real[part], generated).min(axis=1)
    return nearest


def squared_distances(x: Features, y: Features) -> NDArray[np.float64]:
    """Between all of (n, d) and all of (k, d) features, (n, k), in float64."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    squares = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1)
    # rounding of the expanded square may fall below zero
    return np.asarray(np.maximum(squares - 2.0 * (x @ y.T), 0.0))
