"""When a training is evaluated: equally spaced, or few times early and more often at the end."""

import math
from fractions import Fraction
from itertools import pairwise

import pytest

from harness.config.identity import key
from harness.config.patch import DEFAULTS, resolve, schedule
from harness.config.trial import Schedule

COUNTS = [1, 2, 3, 4, 5, 7, 8, 10, 12, 25, 33, 100, 999, 1000]


@pytest.mark.parametrize("count", COUNTS)
def test_equally_spaced_evaluations_are_where_they_always_were(count):
    """Keys and records rest on it."""
    planned = Schedule(count)
    for total in (count, count + 1, 3 * count - 1, 3000, 18400):
        if total >= count:
            expected = [round(number * total / count) for number in range(count + 1)]
            assert planned.iterations(total) == expected
    assert planned.window == range(count + 1 - math.ceil(count / 5), count + 1)
    assert planned.widest == Fraction(1, count)
    late = [number for number in range(count + 1) if number > count / 2]
    assert late == list(range(planned.last_by(Fraction(1, 2)) + 1, count + 1))


@pytest.mark.parametrize(
    ("count", "final", "expected"),
    [
        (8, 4, [0, 200, 400, 600, 800, 850, 900, 950, 1000]),
        (5, 4, [0, 800, 850, 900, 950, 1000]),
        (4, 4, [0, 850, 900, 950, 1000]),  # none before the window but the untrained one
        (9, 1, [0, 100, 200, 300, 400, 500, 600, 700, 800, 1000]),
    ],
)
def test_both_parts_are_equally_spaced_up_to_their_ends(count, final, expected):
    planned = Schedule(count, final)
    assert planned.iterations(1000) == expected
    assert planned.window == range(count - final + 1, count + 1)
    assert [planned.share(number) > Fraction(4, 5) for number in range(count + 1)] == [
        number in planned.window for number in range(count + 1)
    ]
    gaps = [later - earlier for earlier, later in pairwise(expected)]
    assert planned.widest * 1000 == max(gaps)


def test_half_of_the_training_is_not_half_of_the_evaluations():
    assert Schedule(8, 4).last_by(Fraction(1, 2)) == 2


@pytest.mark.parametrize("count", [5, 10, 25])
def test_a_fifth_of_them_in_the_last_fifth_is_the_same_training(count):
    plain = resolve([{"training.evaluations": count}])
    spelled = resolve([{"training.evaluations": count, "training.final_evaluations": count // 5}])
    assert Schedule(count, count // 5).iterations(977) == plain.schedule.iterations(977)
    assert key(spelled) == key(plain)
    closer = resolve([{"training.evaluations": count, "training.final_evaluations": 4}])
    assert key(closer) != key(plain)


def test_knobs_of_an_older_record_have_the_default():
    assert schedule({"training.evaluations": 10}) == Schedule(10)
    assert schedule({}) == Schedule(DEFAULTS["training.evaluations"])
    assert schedule({"training.evaluations": 8, "training.final_evaluations": 4}) == Schedule(8, 4)
