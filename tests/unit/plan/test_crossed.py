"""Crossed designs: arrays, what they tell apart, and weights, each against brute force."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy.linalg import hadamard

from harness.core.errors import HarnessError
from harness.plan.aliases import clear, find_aliases
from harness.plan.arrays import SIZES, plackett_burman, regular, resolution, sylvester
from harness.plan.linear import coding, effect, efficiency, matrix, told_apart


@pytest.mark.parametrize("factors", [3, 7, 8, 11, 12, 15, 16, 19, 20, 23, 24, 31])
def test_plackett_burman_is_orthogonal_and_as_small_as_there_is(factors):
    signs = plackett_burman(factors)
    runs = len(signs)
    assert signs.shape[1] == factors
    assert runs == min(size for size in SIZES if size > factors)
    assert np.array_equal(signs.T @ signs, runs * np.eye(factors))
    assert not signs.sum(axis=0).any()
    assert len(np.unique(signs, axis=0)) == runs


def test_eight_runs_are_the_columns_of_hadamards_matrix_and_twelve_are_cyclic():
    assert {tuple(column) for column in plackett_burman(7).T} == {
        tuple(column) for column in hadamard(8)[:, 1:].T
    }
    twelve = plackett_burman(11)
    rows = ["".join("+" if sign > 0 else "-" for sign in row) for row in twelve]
    assert rows[0] == "++-+++---+-"
    assert rows[1] == "-++-+++---+"
    assert rows[-1] == "-" * 11


@pytest.mark.parametrize("size", [4, 16, 64])
def test_sylvester_is_scipys(size):
    assert np.array_equal(sylvester(size), hadamard(size))


def test_more_factors_than_the_largest_array_are_refused():
    with pytest.raises(HarnessError, match="32 factors are more than the 31"):
        plackett_burman(32)
    with pytest.raises(HarnessError, match="lower the resolution"):
        regular(40, 5)


def words(signs):
    """The lengths of all products of columns that are constant."""
    count = signs.shape[1]
    return [
        size
        for size in range(1, count + 1)
        for chosen in combinations(range(count), size)
        if abs(signs[:, chosen].prod(axis=1).sum()) == len(signs)
    ]


@pytest.mark.parametrize("wanted", [4, 5])
@pytest.mark.parametrize("factors", range(3, 11))
def test_a_regular_fraction_has_the_resolution_that_was_asked(factors, wanted):
    signs = regular(factors, wanted)
    assert min(words(signs), default=wanted) >= wanted
    assert np.array_equal(signs.T @ signs, len(signs) * np.eye(factors))
    assert len(np.unique(signs, axis=0)) == len(signs) <= 2**factors


# the fewest runs there are, by the tables of Box, Hunter and Hunter
@pytest.mark.parametrize(
    ("factors", "wanted", "runs"),
    [(4, 4, 8), (8, 4, 16), (5, 5, 16), (6, 5, 32), (8, 5, 64), (11, 5, 128), (16, 4, 32)],
)
def test_a_regular_fraction_is_as_small_as_in_the_tables(factors, wanted, runs):
    assert len(regular(factors, wanted)) == runs


@pytest.mark.parametrize(
    ("signs", "found"),
    [
        (plackett_burman(3), 5),
        (plackett_burman(4), 4),
        (plackett_burman(5), 3),
        (plackett_burman(11), 3),
        (regular(5, 5), 5),
        (regular(6, 4), 4),
    ],
)
def test_the_resolution_that_a_design_reaches(signs, found):
    assert resolution(signs) == found


@pytest.mark.parametrize("signs", [plackett_burman(7), plackett_burman(11), regular(6, 4)])
def test_aliases_are_what_correlates(signs):
    count = signs.shape[1]
    pairs = list(combinations(range(count), 2))
    for alias in find_aliases(signs):
        column = signs[:, alias.term].prod(axis=1)
        for sign, term in alias.same:
            assert np.array_equal(sign * column, signs[:, term].prod(axis=1))
        if len(alias.term) == 1:
            r = [abs(column @ signs[:, term].prod(axis=1)) / len(signs) for term in pairs]
            assert sum(value == 1 for value in r) == len(alias.same)
            assert sum(0 < value < 1 for value in r) == alias.partly
            assert max([value for value in r if value < 1]) == pytest.approx(alias.part)


def test_a_group_of_aliases_is_named_once():
    """2^(6-2): seven groups of interactions, of which each is like two others or one."""
    found = find_aliases(regular(6, 4))
    groups = [{alias.term, *(term for _, term in alias.same)} for alias in found]
    assert all(len(alias.term) == 2 for alias in found)
    assert sum(map(len, groups)) == 15 == len(set().union(*groups))


def test_twelve_runs_alias_each_main_effect_with_a_third_of_45_interactions():
    found = find_aliases(plackett_burman(11))
    assert [(alias.term, alias.same, alias.partly) for alias in found] == [
        ((number,), (), 45) for number in range(11)
    ]
    assert found[0].part == pytest.approx(1 / 3)


def test_interactions_are_clear_where_nothing_looks_like_them():
    assert clear(plackett_burman(11)) == clear(plackett_burman(7)) == []
    assert len(clear(regular(5, 5))) == 10
    assert len(clear(regular(3, 5))) == 3


def test_what_is_told_apart_by_which_combinations():
    whole = np.array(list(product((0, 1), repeat=2)))
    terms = [(), (0,), (1,), (0, 1)]
    assert told_apart(whole, [2, 2], terms) == terms
    assert told_apart(whole[1:], [2, 2], terms) == []  # three runs, four terms: all are mixed
    assert told_apart(whole[1:], [2, 2], terms[:3]) == terms[:3]
    # the two factors go together
    assert told_apart(whole[[0, 3]], [2, 2], terms[:3]) == [()]


def test_an_effect_is_worked_out_as_by_hand():
    levels, terms = [2, 3], [(), (0,), (1,), (0, 1)]
    runs = np.array(list(product((0, 1), (0, 1, 2))))
    weights = np.linalg.pinv(matrix(runs, levels, terms))

    def cell(one, two):
        return (runs == (one, two)).all(axis=1).astype(float)

    main = effect(levels, terms, (0,), [(0, 1)]) @ weights
    assert main == pytest.approx(np.where(runs[:, 0] == 0, 1, -1) / 3)
    level = effect(levels, terms, (1,), [(2, 0)]) @ weights
    expected = cell(0, 2) + cell(1, 2) - cell(0, 0) - cell(1, 0)
    assert level == pytest.approx(expected / 2)
    both = effect(levels, terms, (0, 1), [(0, 1), (2, 0)]) @ weights
    assert both == pytest.approx(cell(0, 2) - cell(1, 2) - cell(0, 0) + cell(1, 0))


def test_sum_coding():
    assert coding(2).tolist() == [[1], [-1]]
    assert coding(4).sum(axis=0).tolist() == [0, 0, 0]


def test_d_efficiency_is_that_of_the_determinant():
    signs = plackett_burman(7)
    whole = np.hstack([np.ones((8, 1)), signs])
    assert efficiency(whole, whole) == pytest.approx(1)
    part = np.vstack([whole[:6], whole[:2]])
    assert efficiency(part, whole) == pytest.approx(0, abs=1e-6)
    three, seven = whole[:, :3], whole[:7, :3]
    expected = (np.linalg.det(seven.T @ seven / 7)) ** (1 / 3)
    assert efficiency(seven, three) == pytest.approx(expected)
    assert expected < 1
