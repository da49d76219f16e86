"""Coverage: the share of real images with a generated one among their neighbours.

Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models", equation 7.
"""

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError

Features = NDArray[np.floating]
NEIGHBOURS = 5  # k of the paper's experiments
CHUNK = 1024  # rows at a time: bounds the memory, changes no value


def radii(real: Features, neighbours: int = NEIGHBOURS) -> NDArray[np.float64]:
    """Squared distance of each of (m, d) real features to its k-th nearest other one: (m,)."""
    if len(real) <= neighbours:
        raise HarnessError(
            f"coverage: {len(real)} real images have no {neighbours} neighbours each; "
            f"at least {neighbours + 1} are needed"
        )
    result = np.empty(len(real))
    for start in range(0, len(real), CHUNK):
        distances = _squared_distances(real[start : start + CHUNK], real)
        rows = np.arange(len(distances))
        distances[rows, start + rows] = 0.0  # itself: exactly the nearest, whatever the rounding
        result[start : start + CHUNK] = np.partition(distances, neighbours, axis=1)[:, neighbours]
    return result


def coverage(generated: Features, real: Features, real_radii: NDArray[np.float64]) -> float:
    """Share of the real features whose ball (squared radius from `radii`) holds a generated one."""
    covered = 0
    for start in range(0, len(real), CHUNK):
        distances = _squared_distances(real[start : start + CHUNK], generated)
        covered += int((distances.min(axis=1) < real_radii[start : start + CHUNK]).sum())
    return covered / len(real)


def _squared_distances(x: Features, y: Features) -> NDArray[np.float64]:
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    squares = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1)
    # rounding of the expanded square may fall below zero
    return np.asarray(np.maximum(squares - 2.0 * (x @ y.T), 0.0))
