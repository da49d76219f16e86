"""Precision, recall, density and coverage: which images lie among the neighbours of others.

Each image has a ball of features, up to the k-th nearest image of the same set. Precision and
recall are of Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing
generative models", density and coverage of Naeem et al. 2020, "Reliable fidelity and diversity
metrics for generative models"; a feature on the edge of a ball is outside, as in the code of the
latter.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import HarnessError

Features = NDArray[np.floating]
Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]
SCORES = ("precision", "recall", "density", "coverage")
NEIGHBOURS = 5  # k of the experiments of Naeem et al., here of all four
CHUNK = 512  # rows at a time: bounds the memory, changes no value
PAIRS = 1 << 19  # numbers of single pairs at a time
CROWDED = 64  # times as long a pair takes alone as in a product of matrices


class Neighbourhoods:
    """The balls of one set of real features (m, d), which are computed once."""

    def __init__(self, real: Features, neighbours: int = NEIGHBOURS) -> None:
        self._real, self._neighbours = _Targets(real), neighbours
        self._radii = radii(real, neighbours)

    def __call__(self, generated: Features) -> dict[str, float]:
        """The four values, by name, of generated features (n, d); NaN where one is not finite.

        `precision`: the share of generated images in the ball of a real one. `density`: in how
        many of those a generated image lies on average, over k; it may exceed 1. `recall`: the
        share of real images in the ball of a generated one. `coverage`: the share of real images
        whose ball holds a generated one.
        """
        if not np.isfinite(generated).all():
            return dict.fromkeys(SCORES, math.nan)
        generated_radii = radii(generated, self._neighbours)[:, None]
        held = np.empty(len(generated), np.int64)
        recalled, covered = np.zeros((2, len(self._radii)), bool)
        for part, distances in self._real.chunks(generated):
            inside = distances.below(self._radii)
            held[part] = inside.sum(axis=1)
            covered |= inside.any(axis=0)
            recalled |= distances.below(generated_radii[part]).any(axis=0)
        density = float(held.mean() / self._neighbours)
        shares = ((held > 0).mean(), recalled.mean(), density, covered.mean())
        return {name: float(value) for name, value in zip(SCORES, shares, strict=True)}


def radii(features: Features, neighbours: int = NEIGHBOURS) -> NDArray[np.float64]:
    """Squared distance of each of (m, d) features to its k-th nearest other one: (m,)."""
    if len(features) <= neighbours:
        raise HarnessError(
            f"coverage: {len(features)} images have no {neighbours} neighbours each; "
            f"at least {neighbours + 1} are needed"
        )
    result = np.empty(len(features))
    for part, distances in _Targets(features).chunks(features):
        rows = np.arange(len(distances.values))
        distances.values[rows, part.start + rows] = np.inf  # itself
        result[part] = distances.nearest(neighbours)
    return result


class _Targets:
    """Features y (m, d) to which squared distances are taken, prepared once.

    In float32, with a bound of each row's error; what that leaves open is decided in float64. A
    chunk of rows at a time, since copies in float64 would be most of an evaluation's memory.
    """

    def __init__(self, y: Features) -> None:
        self.y = y
        self._centre = y.mean(axis=0, dtype=np.float64)  # shorter features, smaller error
        others = np.concatenate([_lengths(y[part] - self._centre) for part in _parts(len(y))])
        # at most 1 long, so that nothing of y overflows; of x only what is surely far
        self.scale = float(others.max()) or 1.0
        self._unit = math.sqrt(self.scale)
        self._others = np.asarray(others / self.scale, np.float32)
        self._columns = np.empty(y.shape, np.float32)
        for part in _parts(len(y)):
            self._columns[part] = (y[part] - self._centre) / self._unit

    def chunks(self, x: Features) -> Iterator[tuple[slice, "_Distances"]]:
        """The rows of x (n, d), and their distances."""
        for part in _parts(len(x)):
            rows = np.asarray(x[part], np.float64)
            yield part, _Distances(rows, self, *self._single(rows - self._centre))

    def _single(self, x: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Distances of centred rows over the scale, and bounds of their errors: (n, m), (n, 1)."""
        lengths = _lengths(x)[:, None] / self.scale
        # twice the bound of a scalar product in any order (Higham 2002, section 3.1), 8 for the
        # rest, that of what underflows, too
        terms, single = 2.0 * (x.shape[1] + 8), np.finfo(np.float32)
        errors = terms * (single.eps * np.maximum(lengths, 1.0) + single.tiny)
        with np.errstate(over="ignore", invalid="ignore"):  # then float64 decides
            values = np.asarray(-2.0 / self._unit * x, np.float32) @ self._columns.T
            values += self._others
            values += np.asarray(lengths, np.float32)
            return values, np.asarray(errors, np.float32)


@dataclass(frozen=True)
class _Distances:
    """Squared distances of some rows x (n, d) to all targets: `values` (n, m) over their scale."""

    x: NDArray[np.float64]
    targets: _Targets
    values: NDArray[np.float32]
    errors: NDArray[np.float32]  # (n, 1)

    def below(self, limits: NDArray[np.float64]) -> Mask:
        """Which distances are below limits, of columns (m,) or of rows (n, 1)."""
        with np.errstate(over="ignore", invalid="ignore"):
            beyond = self.values - np.asarray(limits / self.targets.scale, np.float32)
        inside: Mask = beyond < 0
        unsure = self._unsure(beyond, 1)
        if len(unsure):
            limited = np.broadcast_to(limits, self.values.shape).ravel()[unsure]
            inside.ravel()[unsure] = self._exactly(unsure) < limited
        return inside

    def nearest(self, k: int) -> NDArray[np.float64]:
        """The k-th smallest distance of each row."""
        beyond = self.values - np.partition(self.values, k - 1, axis=1)[:, k - 1 : k]
        # what it is compared with is off, too
        lower = np.count_nonzero(beyond < -2.0 * self.errors, axis=1)
        unsure = self._unsure(beyond, 2)
        rows = unsure // beyond.shape[1]
        counts = np.bincount(rows)  # of each row at least one
        settled = np.full((len(self.x), counts.max()), np.inf)
        place = np.arange(len(unsure)) - np.repeat(np.cumsum(counts) - counts, counts)
        settled[rows, place] = self._exactly(unsure)
        settled.sort(axis=1)
        nearest: NDArray[np.float64] = settled[np.arange(len(self.x)), k - 1 - lower]
        return nearest

    def _unsure(self, beyond: NDArray[np.float32], errors: int) -> Indices:
        """Places, flat, where a difference may have the other sign, or is not known."""
        sure = np.abs(beyond, out=beyond) > errors * self.errors
        return np.flatnonzero(~sure)

    def _exactly(self, places: Indices) -> NDArray[np.float64]:
        """Distances at flat places, in float64."""
        x, y = self.x, self.targets.y
        if CROWDED * len(places) > len(x) * len(y):
            return squared_distances(x, y).ravel()[places]
        rows, columns = np.divmod(places, len(y))
        result, step = np.empty(len(rows)), max(1, PAIRS // y.shape[1])
        for start in range(0, len(rows), step):
            at = slice(start, start + step)
            result[at] = _lengths(x[rows[at]] - y[columns[at]])
        return result


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))


def _lengths(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared, of each row."""
    lengths: NDArray[np.float64] = np.einsum("ij,ij->i", x, x)
    return lengths


def squared_distances(x: Features, y: Features) -> NDArray[np.float64]:
    """Between all of (n, d) and all of (k, d) features, (n, k), in float64."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    squares = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1)
    # rounding of the expanded square may fall below zero
    return np.asarray(np.maximum(squares - 2.0 * (x @ y.T), 0.0))
