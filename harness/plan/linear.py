"""The linear model of crossed factors: sum coding, and effects as weights over combinations.

A combination is a row of level numbers, one a factor; a term is a tuple of factor numbers, () for
the mean, (0,) for a main effect, (0, 2) for an interaction. With sum coding the coefficients of a
term do not change when the levels of other factors are averaged over, so an effect is what it
would be had all combinations been trained, as far as the terms of the model say.
"""

from collections.abc import Iterable, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from harness.runs.crossed import Pair, Term

Array = NDArray[np.float64]
Levels = NDArray[np.int64]
_ZERO = 1e-9


def coding(levels: int) -> Array:
    """Sum coding of so many levels, (levels, levels - 1): the columns sum to zero."""
    return np.vstack([np.eye(levels - 1), -np.ones(levels - 1)])


def matrix(combinations: Levels, levels: Sequence[int], terms: Iterable[Term]) -> Array:
    """The columns of the terms, (combinations, columns), in their order."""
    return np.hstack([_block(combinations, levels, term) for term in terms])


def _block(combinations: Levels, levels: Sequence[int], term: Term) -> Array:
    block = np.ones((len(combinations), 1))
    for factor in term:
        coded = coding(levels[factor])[combinations[:, factor]]
        block = (block[:, :, None] * coded[:, None, :]).reshape(
            len(block), block.shape[1] * coded.shape[1]
        )
    return block


def width(levels: Sequence[int], term: Term) -> int:
    """The columns of a term."""
    return int(np.prod([levels[factor] - 1 for factor in term]))


def effect(
    levels: Sequence[int], terms: Sequence[Term], term: Term, pairs: Sequence[Pair]
) -> Array:
    """Weights over the columns of the terms, (columns,), for an effect of one of them.

    Main effect: the level minus the other one. Interaction: the effect of the first factor at the
    level of the second, minus that at the other level.
    """
    sides = [coding(levels[factor])[list(pair)] for factor, pair in zip(term, pairs, strict=True)]
    of_term = reduce(np.kron, (side[0] - side[1] for side in sides))
    blocks = [of_term if other == term else np.zeros(width(levels, other)) for other in terms]
    return np.concatenate(blocks)


def told_apart(combinations: Levels, levels: Sequence[int], terms: Sequence[Term]) -> list[Term]:
    """The terms that can be estimated from these combinations (not linear in the others)."""
    columns = matrix(combinations, levels, terms)
    _, sizes, directions = np.linalg.svd(columns, full_matrices=True)
    rank = int((sizes > _ZERO * sizes.max()).sum())
    free = np.abs(directions[rank:]).max(
        axis=0, initial=0.0
    )  # how far a column is in the nullspace
    ends = np.cumsum([width(levels, term) for term in terms])
    parts = np.split(free, ends[:-1])
    return [term for term, part in zip(terms, parts, strict=True) if part.max() < _ZERO]


def efficiency(columns: Array, whole: Array) -> float:
    """D-efficiency of a model's columns relative to the full design (1: equally good per row)."""

    def size(rows: Array) -> float:
        sign, logarithm = np.linalg.slogdet(rows.T @ rows / len(rows))
        return float(logarithm) if sign > 0 else -np.inf

    return float(np.exp((size(columns) - size(whole)) / columns.shape[1]))
