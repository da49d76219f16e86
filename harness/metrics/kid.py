"""Kernel Inception Distance: unbiased MMD² under the kernel (xᵀy/d + 1)³ (Bińkowski et al. 2018).

A protocol says which images are compared with which: its draws, one value each; the KID is the
mean of the values. They may be negative.

In float64: a KID is the small difference of large means, and with float32 products it was seen to
be off by more than 1e-6 of itself (1,000 images, 2,048 features).
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import HarnessError

Features = NDArray[np.floating]
Indices = NDArray[np.int64]
Draw = tuple[Indices, Indices]  # which generated images, against which real ones
SUBSETS_SEED = 2020  # torch-fidelity's
FIRST_HALF, SECOND_HALF = "kid_first_half", "kid_second_half"
HALVES = (FIRST_HALF, SECOND_HALF)
"""A row's KIDs of half of the images each, which share none: generated halves, real halves."""
SHARED_HALVES = ("kid_half_a", "kid_half_b")
"""Of older records: both halves of the real images against the same generated ones."""
VALUES = "kid_blocks"  # of a row: the value of each draw
CHUNK = 256  # rows of a kernel at a time: bounds the memory


def blocks(generated: int, real: int, size: int = 128) -> list[Draw]:
    """Disjoint blocks of `size` in the given order; the remainder is dropped.

    With blocks of 128 this is S0's estimator. Where one side is longer, its end is left out.
    """
    _check(generated, real, size)
    starts = range(0, min(generated, real) // size * size, size)
    return [(np.arange(i, i + size), np.arange(i, i + size)) for i in starts]


def subsets(generated: int, real: int, size: int, count: int = 100) -> list[Draw]:
    """`count` random subsets, drawn as torch-fidelity draws them.

    Without replacement inside a subset, overlapping between subsets; generated first, then real.
    Their population standard deviation is torch-fidelity's spread, and not a standard error.
    """
    _check(generated, real, size)
    # the legacy generator is part of the protocol
    random = np.random.RandomState(SUBSETS_SEED)
    return [
        (random.choice(generated, size, replace=False), random.choice(real, size, replace=False))
        for _ in range(count)
    ]


def _check(generated: int, real: int, size: int) -> None:
    if size < 2:
        raise HarnessError(f"KID: blocks and subsets need at least 2 images, not {size}")
    for name, count in (("generated", generated), ("real", real)):
        if count < size:
            raise HarnessError(
                f"KID: {count} {name} images are fewer than one block or subset of {size}"
            )


def replicates(row: Mapping[str, Any], overlapping: bool) -> list[float | None]:
    """KIDs of parts of an evaluation that share no image; empty where none were recorded.

    Its blocks or, where the draws of a protocol overlap, its halves.
    """
    return [row.get(name) for name in HALVES] if overlapping else list(row.get(VALUES) or [])


def standard_error(row: Mapping[str, Any], overlapping: bool) -> float:
    """Standard error of an evaluation's KID, from its replicates; NaN where it is not known.

    The halves of an older record share their generated images, so theirs is too small.
    """
    shared = overlapping and HALVES[0] not in row
    parts = [row.get(name) for name in SHARED_HALVES] if shared else replicates(row, overlapping)
    known = [part for part in parts if part is not None]
    return _deviation(known) / math.sqrt(len(known)) if len(known) > 1 else math.nan


def _deviation(values: Sequence[float]) -> float:
    """Standard deviation; `statistics.stdev` sums fractions, which takes fifty times as long."""
    mean = statistics.fmean(values)
    return math.hypot(*(value - mean for value in values)) / math.sqrt(len(values) - 1)


def pooled_error(rows: Sequence[Mapping[str, Any]], overlapping: bool) -> float:
    """Standard error of one evaluation's KID, pooled over a trial's; NaN where none is known.

    The root mean square of their standard errors. Two halves by themselves have one degree of
    freedom: of noise alone, one trial in ten would rise by more than four standard errors.
    """
    errors = [standard_error(row, overlapping) for row in rows]
    squares = [error**2 for error in errors if math.isfinite(error)]
    return math.sqrt(statistics.fmean(squares)) if squares else math.nan


class Estimate:
    """Unbiased MMD² of each draw, against one set of real features: (m, d).

    What the real images contribute among themselves is computed once. Subsets that several draws
    have in common are summed once, and where subsets overlap so much that all pairs of images are
    less work, each pair's kernel is computed once for all of them.
    """

    def __init__(self, real: Features, draws: Sequence[Draw]) -> None:
        self._real = real
        self._draws = draws
        self._within = _within(real, [chosen for _, chosen in draws])

    def __call__(self, generated: Features) -> NDArray[np.float64]:
        """One value a draw, for generated features (n, d)."""
        shapes = (generated.shape, self._real.shape)
        if generated.ndim != 2 or self._real.ndim != 2 or shapes[0][1] != shapes[1][1]:
            raise HarnessError(
                f"KID: features must be (n, d) and (m, d), not {shapes[0]} and {shapes[1]}"
            )
        within = _within(generated, [chosen for chosen, _ in self._draws])
        # the cross term keeps every pair
        return within + self._within - 2.0 * _across(generated, self._real, self._draws)


def _within(x: Features, chosen: Sequence[Indices]) -> NDArray[np.float64]:
    """Mean kernel over the pairs of different images in each subset: (subsets,)."""
    distinct, place = _distinct(chosen)
    sizes = np.array([len(subset) for subset in distinct])
    if (sizes**2).sum() <= len(x) ** 2:
        sums = np.array([_sum_of_pairs(x[subset]) for subset in distinct])
    else:
        sums = _sums_of_pairs(x, _membership(distinct, len(x)))
    means: NDArray[np.float64] = sums / (sizes * (sizes - 1))
    return means[place]


def _sum_of_pairs(x: Features) -> float:
    kernel = _kernel(x, x)
    np.fill_diagonal(kernel, 0.0)
    return float(kernel.sum())


def _sums_of_pairs(x: Features, member: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same for all subsets, from one pass over all pairs, of which half are computed."""
    x = np.asarray(x, np.float64)
    total = np.zeros(len(member))
    for start in range(0, len(x), CHUNK):
        part, until = slice(start, start + CHUNK), slice(0, start + CHUNK)
        kernel = _kernel(x[part], x[until])
        np.fill_diagonal(kernel[:, start:], 0.0)
        sums = member[:, part] @ kernel
        sums[:, :start] *= 2.0  # for the pairs on the other side of the diagonal
        total += np.einsum("ij,ij->i", sums, member[:, until])
    return total


def _across(x: Features, y: Features, draws: Sequence[Draw]) -> NDArray[np.float64]:
    """Mean kernel over the pairs of each draw: (draws,)."""
    pairs = np.array([len(one) * len(other) for one, other in draws])
    if pairs.sum() <= len(x) * len(y):
        return np.array([_kernel(x[one], y[other]).mean() for one, other in draws])
    x = np.asarray(x, np.float64)
    distinct, place = _distinct([one for one, _ in draws])
    rows = _membership(distinct, len(x))
    columns = _membership([other for _, other in draws], len(y))
    total = np.zeros(len(draws))
    for start in range(0, len(y), CHUNK):
        part = slice(start, start + CHUNK)
        sums = rows @ _kernel(x, y[part])
        total += np.einsum("ij,ij->i", sums[place], columns[:, part])
    means: NDArray[np.float64] = total / pairs
    return means


def _distinct(chosen: Sequence[Indices]) -> tuple[list[Indices], list[int]]:
    """Each different subset once, and which of them each subset is."""
    known = {subset.tobytes(): subset for subset in chosen}
    place = {name: i for i, name in enumerate(known)}
    return list(known.values()), [place[subset.tobytes()] for subset in chosen]


def _membership(chosen: Sequence[Indices], total: int) -> NDArray[np.float64]:
    """(subsets, total): 1 where a subset holds an image."""
    member = np.zeros((len(chosen), total))
    for row, subset in zip(member, chosen, strict=True):
        row[subset] = 1.0
    return member


def _kernel(x: Features, y: Features) -> NDArray[np.float64]:
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    kernel: NDArray[np.float64] = x @ y.T
    kernel /= x.shape[1]
    kernel += 1.0
    # by products and in place: a power is several times slower
    square = kernel * kernel
    square *= kernel
    return square
