"""Kernel Inception Distance: unbiased MMD² under the kernel (xᵀy/d + 1)³ (Bińkowski et al. 2018).

Every estimator takes (generated, real) features, (n, d) and (m, d), and gives one value a block
or subset; the KID is their mean. Values may be negative.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError

Features = NDArray[np.floating]
SUBSETS_SEED = 2020  # torch-fidelity's
CHUNK = 1024  # rows of a kernel at a time: bounds the memory


def blocks(generated: Features, real: Features, block: int = 128) -> NDArray[np.float64]:
    """One value for each pair of disjoint blocks in the given order; the remainder is dropped.

    With blocks of 128 this is S0's estimator. Where one side is longer, its end is left out.
    """
    _check(generated, real, block)
    count = min(len(generated), len(real)) // block
    parts = (slice(i * block, (i + 1) * block) for i in range(count))
    return np.array([mmd(generated[part], real[part]) for part in parts])


def subsets(
    generated: Features, real: Features, size: int, count: int = 100
) -> NDArray[np.float64]:
    """One value for each of `count` random subsets, drawn as torch-fidelity draws them.

    Without replacement inside a subset, overlapping between subsets; generated first, then real.
    Their population standard deviation is torch-fidelity's spread, and not a standard error.
    """
    _check(generated, real, size)
    # the legacy generator is part of the protocol
    random = np.random.RandomState(SUBSETS_SEED)
    draws = [
        tuple(random.choice(len(side), size, replace=False) for side in (generated, real))
        for _ in range(count)
    ]
    if count * size**2 <= len(generated) * len(real):  # no more work than all pairs of images
        return np.array([mmd(generated[one], real[other]) for one, other in draws])
    chosen = _membership([draw[0] for draw in draws], len(generated))
    others = _membership([draw[1] for draw in draws], len(real))
    pairs = size * (size - 1)
    within = _sums(generated, generated, chosen, chosen) - chosen @ _diagonal(generated)
    within += _sums(real, real, others, others) - others @ _diagonal(real)
    return within / pairs - 2.0 * _sums(generated, real, chosen, others) / size**2


def _membership(draws: Sequence[NDArray[np.int64]], total: int) -> NDArray[np.float64]:
    """(count, total): 1 where a subset holds an image."""
    member = np.zeros((len(draws), total))
    for row, chosen in zip(member, draws, strict=True):
        row[chosen] = 1.0
    return member


def _sums(
    x: Features, y: Features, rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum of the kernel over the pairs of each subset, from one pass over all pairs: (count,)."""
    left, right = np.asarray(x, np.float64), np.asarray(y, np.float64)
    total = np.zeros(len(rows))
    for start in range(0, len(left), CHUNK):
        part = slice(start, start + CHUNK)
        total += ((rows[:, part] @ _kernel(left[part], right)) * columns).sum(axis=1)
    return total


def _diagonal(x: Features) -> NDArray[np.float64]:
    x = np.asarray(x, np.float64)
    return np.asarray(((x * x).mean(axis=1) + 1.0) ** 3)


def mmd(generated: Features, real: Features) -> float:
    """Unbiased MMD² of (n, d) against (m, d) features; the cross term keeps every pair.

    In float64: a KID is the small difference of large means, and with float32 products it was
    seen to be off by more than 1e-6 of itself (1,000 images, 2,048 features).
    """
    x, y = np.asarray(generated, np.float64), np.asarray(real, np.float64)
    return _mean_of_pairs(x) + _mean_of_pairs(y) - 2.0 * float(_kernel(x, y).mean())


def _mean_of_pairs(x: NDArray[np.float64]) -> float:
    kernel = _kernel(x, x)
    count = len(x)
    return float(kernel.sum() - np.trace(kernel)) / (count * (count - 1))


def _kernel(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    kernel = x @ y.T
    kernel /= x.shape[1]
    kernel += 1.0
    # by products and in place: a power is several times slower
    square = kernel * kernel
    square *= kernel
    return square


def _check(generated: Features, real: Features, size: int) -> None:
    if generated.ndim != 2 or real.ndim != 2 or generated.shape[1] != real.shape[1]:
        raise HarnessError(
            f"KID: features must be (n, d) and (m, d), not {generated.shape} and {real.shape}"
        )
    if size < 2:
        raise HarnessError(f"KID: blocks and subsets need at least 2 images, not {size}")
    for name, features in (("generated", generated), ("real", real)):
        if len(features) < size:
            raise HarnessError(
                f"KID: {len(features)} {name} images are fewer than one block or subset of {size}"
            )
