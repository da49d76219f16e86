"""Arrays of runs for factors of two levels: rows are runs, columns factors, entries +1 and -1.

Sources: R. L. Plackett and J. P. Burman, The design of optimum multifactorial experiments (1946);
G. E. P. Box and J. S. Hunter, The 2^(k-p) fractional factorial designs (1961).
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import HarnessError
from harness.core.format import whole

Signs = NDArray[np.int64]
# Plackett and Burman's first rows; the others are its shifts, and a row of -1
_GENERATORS = {
    12: "++-+++---+-",
    20: "++--++++-+-+----++-",
    24: "+++++-+-++--++--+-+----",
}
SIZES = (8, 12, 16, 20, 24, 32)
LARGEST = 10  # base factors of a regular fraction: 1,024 runs


def plackett_burman(factors: int) -> Signs:
    """The smallest array of 8 runs or more whose columns are orthogonal to each other."""
    fitting = [size for size in SIZES if size > factors]
    if not fitting:
        raise HarnessError(
            f"{factors} factors are more than the {SIZES[-1] - 1} of the largest Plackett-Burman "
            "design here: leave some out, or split them into two studies"
        )
    size = fitting[0]
    if size in _GENERATORS:
        return _cyclic(_GENERATORS[size])[:, :factors]
    # products of an odd number of base columns first: no two of those make a third
    columns = sorted(range(1, size), key=lambda mask: (mask.bit_count() % 2 == 0, mask))
    return sylvester(size)[:, columns[:factors]]


def regular(factors: int, resolution: int) -> Signs:
    """The smallest fraction 2^(k-p) of at least this resolution, by lexicographic search.

    A column is the product of the base columns in the bits of its number. The resolution is r if no
    r - 1 columns multiply to one, so each column is added that is not a product of r - 2 or fewer
    earlier ones. If no fraction is good enough, all combinations.
    """
    columns: list[int] = []
    for mask in range(1, 2**LARGEST):
        if len(columns) == factors:
            break
        if not _is_product(mask, columns, resolution - 2):
            columns.append(mask)
    if len(columns) < factors:
        raise HarnessError(
            f"a fraction of resolution {resolution} for {factors} factors has more than "
            f"{whole(2**LARGEST)} runs: lower the resolution, or leave some factors out"
        )
    return sylvester(2 ** columns[-1].bit_length())[:, columns]


def _is_product(mask: int, columns: list[int], most: int) -> bool:
    """Whether a column is the product of at most `most` others."""
    reached = {0}
    for _ in range(most):
        reached |= {one ^ column for one in reached for column in columns}
    return mask in reached


def sylvester(size: int) -> Signs:
    """The Hadamard matrix of a power of two; column j is -1 where run and j share an odd count."""
    numbers = range(size)
    return np.array([[1 - 2 * ((run & j).bit_count() % 2) for j in numbers] for run in numbers])


def _cyclic(generator: str) -> Signs:
    first = np.array([1 if sign == "+" else -1 for sign in generator])
    shifts = [np.roll(first, shift) for shift in range(len(first))]
    return np.vstack([*shifts, -np.ones(len(first), dtype=np.int64)])


def resolution(signs: Signs) -> int:
    """Resolution: 3 if main effects are aliased with two-way interactions, 4 if these are aliased
    with each other, else 5.

    Aliased: the columns correlate, fully or partly.
    """
    count = signs.shape[1]
    for size in (3, 4):
        for chosen in combinations(range(count), size):
            if signs[:, chosen].prod(axis=1).sum():
                return size
    return 5
