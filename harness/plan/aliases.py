"""Aliases: effects that a fraction of two-level factors cannot separate."""

from itertools import combinations

import numpy as np

from harness.plan.arrays import Signs
from harness.runs.crossed import Alias, Term


def find_aliases(signs: Signs) -> tuple[Alias, ...]:
    """The aliases of the main effects, then of interactions among themselves, each group once."""
    count = signs.shape[1]
    pairs: list[Term] = list(combinations(range(count), 2))
    products = np.array([signs[:, term].prod(axis=1) for term in pairs]).T
    every = [_alias((number,), signs[:, number], pairs, products) for number in range(count)]
    named = {term for alias in every for _, term in alias.same}
    for place, term in enumerate(pairs):
        later = slice(place + 1, None)
        alias = _alias(term, products[:, place], pairs[later], products[:, later])
        if alias.same and term not in named:
            named |= {term, *(other for _, other in alias.same)}
            every.append(alias)
    return tuple(alias for alias in every if alias.same or alias.partly)


def _alias(term: Term, column: Signs, others: list[Term], columns: Signs) -> Alias:
    shares = (columns.T @ column / len(column)).tolist()
    same = [(int(r), other) for r, other in zip(shares, others, strict=True) if abs(r) == 1]
    parts = [abs(r) for r in shares if 0 < abs(r) < 1]
    return Alias(term=term, same=tuple(same), partly=len(parts), part=max(parts, default=0.0))


def clear(signs: Signs) -> list[Term]:
    """The two-way interactions that are not aliased with anything, even partly."""
    pairs: list[Term] = list(combinations(range(signs.shape[1]), 2))
    products = np.array([signs[:, term].prod(axis=1) for term in pairs]).T
    like = np.hstack([signs, products]).T @ products
    return [term for term, column in zip(pairs, like.T, strict=True) if (column != 0).sum() == 1]
