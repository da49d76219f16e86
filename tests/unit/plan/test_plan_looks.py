"""Looks: when a study is looked at, and what may be spent until then."""

import math

import pytest
from scipy import stats

from harness.core.errors import HarnessError
from harness.plan.looks import (
    Looks,
    first_look,
    spent_on_difference,
    spent_on_equivalence,
    standard_looks,
)


@pytest.mark.parametrize(
    ("contrasts", "first"),
    [(1, 7), (2, 8), (3, 9), (6, 9), (7, 10), (13, 10), (14, 11), (29, 11), (30, 12), (63, 12)],
)
def test_the_first_look_is_the_smallest_that_can_reject(contrasts, first):
    assert first_look(0.05, contrasts, 24) == first
    assert standard_looks(0.05, contrasts, 24)[0] == first

    def to_spend(n):
        return 0.05 / contrasts * math.log(1 + (math.e - 1) * n / 24)

    assert to_spend(first) >= 2 / 2**first
    assert to_spend(first - 1) < 2 / 2 ** (first - 1)


def test_a_level_that_one_pattern_and_its_mirror_image_use_up_is_enough():
    assert first_look(0.05, 1, 6) == 6  # at the end all of .05 is there, and 2/2⁶ = .03125
    assert first_look(0.25, 2, 4) == 4  # .125 = 2/2⁴, with nothing to spare


def test_too_few_seeds_are_refused():
    with pytest.raises(HarnessError) as error:
        first_look(0.05, 6, 7)
    assert str(error.value) == (
        "7 seeds at most cannot give a verdict on 6 contrasts at alpha = 0.05: "
        "at least 8 are needed"
    )
    assert first_look(0.05, 6, 8) == 8
    with pytest.raises(HarnessError, match="a verdict on 1 contrast at"):
        first_look(0.05, 1, 5)
    with pytest.raises(HarnessError, match="at least 4 are needed"):
        first_look(0.25, 2, 3)


@pytest.mark.parametrize(
    ("contrasts", "n_max", "looks"),
    [
        (6, 24, (9, 12, 15, 18, 20, 22, 24)),
        (13, 24, (10, 12, 15, 18, 20, 22, 24)),
        (20, 24, (11, 15, 18, 20, 22, 24)),  # 12 follows too soon
        (6, 12, (9, 10, 11, 12)),
        (6, 8, (8,)),
        (6, 48, (10, 18, 24, 30, 36, 40, 44, 48)),
    ],
)
def test_looks_where_a_study_declares_none(contrasts, n_max, looks):
    assert standard_looks(0.05, contrasts, n_max) == looks
    assert Looks.standard(0.05, contrasts, n_max).looks == looks


def test_spending():
    assert spent_on_difference(0) == spent_on_equivalence(0, 0.05) == 0
    assert spent_on_difference(1) == pytest.approx(1)
    assert spent_on_difference(9 / 24) == pytest.approx(0.497349, abs=1e-6)
    for level in (0.05 / 6, 0.05):
        assert spent_on_equivalence(1, level) == pytest.approx(1)
        for t in (0.25, 0.5, 0.75):
            by_hand = 2 * stats.norm.sf(stats.norm.isf(level / 2) / math.sqrt(t)) / level
            assert spent_on_equivalence(t, level) == pytest.approx(by_hand)
    assert spent_on_equivalence(0.5, 0.05 / 6) < 0.03 < 0.6 < spent_on_difference(0.5)


def test_levels_and_times():
    design = Looks.standard(0.06, 3)
    assert [design.level(rejected) for rejected in range(3)] == pytest.approx([0.02, 0.03, 0.06])
    assert design.time(12) == 0.5
    assert design.time(30) == 1, "seeds that are added later bring no alpha"
