"""Precision, recall, density and coverage: which images lie among the neighbours of others.

Each image has a ball of features, up to the k-th nearest image of the same set. Precision and
recall are of Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing
generative models", density and coverage of Naeem et al. 2020, "Reliable fidelity and diversity
metrics for generative models"; a feature on the edge of a ball is outside, as in the code of the
latter.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import HarnessError

Features = NDArray[np.floating]
Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]
SCORES = ("precision", "recall", "density", "coverage")
NEIGHBOURS = 5  # k of the experiments of Naeem et al., here of all four
CHUNK = 512  # rows at a time: bounds the memory, changes no value
PAIRS = 1 << 22  # numbers of single pairs at a time
CROWDED = 64  # times as long a pair takes alone as in a product of matrices


class Neighbourhoods:
    """The balls of one set of real features (m, d), which are computed once."""

    def __init__(self, real: Features, neighbours: int = NEIGHBOURS) -> None:
        self._real, self._neighbours = real, neighbours
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
        recalled, covered = np.zeros((2, len(self._real)), bool)
        pairs = _Distances(generated, self._real)
        for part, values in pairs.chunks():
            inside = pairs.below(part, values, self._radii)
            held[part] = inside.sum(axis=1)
            covered |= inside.any(axis=0)
            recalled |= pairs.below(part, values, generated_radii[part]).any(axis=0)
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
    result, pairs = np.empty(len(features)), _Distances(features, features)
    for part, values in pairs.chunks():
        rows = np.arange(len(values))
        values[rows, part.start + rows] = np.inf  # itself
        result[part] = pairs.nearest(part, values, neighbours)
    return result


class _Distances:
    """Squared distances of each of x (n, d) to each of y (m, d), a chunk of rows of x at a time.

    In float32, with a bound of each row's error; what that leaves open is decided in float64.
    """

    def __init__(self, x: Features, y: Features) -> None:
        self._x, self._y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        centre = self._y.mean(axis=0)  # shorter features, smaller error
        x, y = self._x - centre, self._y - centre
        lengths, others = (np.einsum("ij,ij->i", side, side) for side in (x, y))
        # at most 1 long, so that nothing of y overflows; of x only what is surely far
        self._scale = float(others.max()) or 1.0
        lengths, others, unit = lengths / self._scale, others / self._scale, math.sqrt(self._scale)
        # twice the bound of a scalar product in any order (Higham 2002, section 3.1), 8 for the
        # rest, that of what underflows, too
        terms, single = 2.0 * (self._y.shape[1] + 8), np.finfo(np.float32)
        errors = terms * (single.eps * np.maximum(lengths, 1.0) + single.tiny)
        with np.errstate(over="ignore"):
            sides = (-2.0 / unit * x, y / unit, lengths[:, None], others, errors[:, None])
            arrays = [np.asarray(side, np.float32) for side in sides]
        self._rows, self._columns, self._lengths, self._others, self._errors = arrays

    def chunks(self) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """The rows of x, and their distances over a common scale."""
        for start in range(0, len(self._x), CHUNK):
            part = slice(start, start + CHUNK)
            with np.errstate(over="ignore", invalid="ignore"):  # then float64 decides
                values = self._rows[part] @ self._columns.T
                values += self._others
                values += self._lengths[part]
            yield part, values

    def below(self, part: slice, values: NDArray[np.float32], limits: NDArray[np.float64]) -> Mask:
        """Which distances of a chunk are below limits, of columns (m,) or of rows (n, 1)."""
        with np.errstate(over="ignore", invalid="ignore"):
            beyond = values - np.asarray(limits / self._scale, np.float32)
        inside: Mask = beyond < 0
        unsure = self._unsure(part, beyond, 1)
        if len(unsure):
            limited = np.broadcast_to(limits, values.shape).ravel()[unsure]
            inside.ravel()[unsure] = self._exactly(part, unsure) < limited
        return inside

    def nearest(self, part: slice, values: NDArray[np.float32], k: int) -> NDArray[np.float64]:
        """The k-th smallest distance of each row of a chunk."""
        beyond = values - np.partition(values, k - 1, axis=1)[:, k - 1 : k]
        # what it is compared with is off, too
        lower = np.count_nonzero(beyond < -2.0 * self._errors[part], axis=1)
        unsure = self._unsure(part, beyond, 2)
        rows = unsure // len(self._y)
        counts = np.bincount(rows)  # of each row at least one
        settled = np.full((len(values), counts.max()), np.inf)
        place = np.arange(len(unsure)) - np.repeat(np.cumsum(counts) - counts, counts)
        settled[rows, place] = self._exactly(part, unsure)
        settled.sort(axis=1)
        nearest: NDArray[np.float64] = settled[np.arange(len(values)), k - 1 - lower]
        return nearest

    def _unsure(self, part: slice, beyond: NDArray[np.float32], errors: int) -> Indices:
        """Places in the flat chunk where a difference may have the other sign, or is not known."""
        sure = np.abs(beyond, out=beyond) > errors * self._errors[part]
        return np.flatnonzero(~sure)

    def _exactly(self, part: slice, places: Indices) -> NDArray[np.float64]:
        """Distances at places in the flat chunk, in float64."""
        x, y = self._x[part], self._y
        if CROWDED * len(places) > len(x) * len(y):
            return squared_distances(x, y).ravel()[places]
        rows, columns = np.divmod(places, len(y))
        result, step = np.empty(len(rows)), max(1, PAIRS // y.shape[1])
        for start in range(0, len(rows), step):
            at = slice(start, start + step)
            apart = x[rows[at]] - y[columns[at]]
            result[at] = np.einsum("ij,ij->i", apart, apart)
        return result


def squared_distances(x: Features, y: Features) -> NDArray[np.float64]:
    """Between all of (n, d) and all of (k, d) features, (n, k), in float64."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    squares = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1)
    # rounding of the expanded square may fall below zero
    return np.asarray(np.maximum(squares - 2.0 * (x @ y.T), 0.0))
