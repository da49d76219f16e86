"""Flags of an unhealthy training, against rows whose flags are known."""

import pytest

from harness.metrics.health import (
    falling_loss_flags,
    idle_penalty_flags,
    score_flags,
    training_flags,
)

ERROR = 0.0018  # standard error of a KID, unless told


def score(kid, coverage=0.6, kimg=10.0, error=ERROR):
    return {
        "kid": kid,
        "kid_blocks": [kid - error, kid + error],  # of two, half their distance
        "coverage": coverage,
        "kimg": kimg,
    }


def flags(rows):
    rows = [{**row, "evaluation": number} for number, row in enumerate(rows)]
    found = score_flags(rows, False, "kid-x", (len(rows) - 1) // 2)
    assert all(flag["kimg"] == rows[-1]["kimg"] for flag in found)
    assert all(flag["identity"] == "kid-x" for flag in found)
    return [flag["flag"] for flag in found]


UNTRAINED = score(0.01, coverage=0.0)  # never the best, nor the widest


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (0.149, []),  # below 1.5 times the best
        (0.151, ["rebound"]),  # 0.051 is 5 times 4 standard errors of the difference
        (0.10, []),
    ],
)
def test_rebound_is_half_worse_than_the_best(last, expected):
    assert flags([UNTRAINED, score(0.3), score(0.1), score(last)]) == expected


@pytest.mark.parametrize(("error", "expected"), [(0.0026, ["rebound"]), (0.0028, [])])
def test_rebound_is_no_chance(error, expected):
    """The gap is 0.0152; 4 errors of it are 4 * sqrt(2) * error = 0.0147 of the smaller one."""
    assert flags([UNTRAINED, score(0.02, error=error), score(0.0352, error=error)]) == expected


def test_what_is_known_by_one_value_raises_no_flag():
    rows = [{**score(kid), "kid_blocks": [kid]} for kid in (0.3, 0.1, 0.9)]
    assert flags(rows) == []


def test_of_overlapping_subsets_the_halves_tell_the_error():
    """Their many values are no replicates: these agree closely, and the halves do not."""
    rows = [
        {**score(kid, error=1e-9), "evaluation": number, "kid_first_half": kid - half,
         "kid_second_half": kid + half}
        for half in (0.0018, 0.05)
        for number, kid in enumerate((0.3, 0.1, 0.2))
    ]  # fmt: skip
    found = [score_flags(own, True, "kid-x", 1) for own in (rows[:3], rows[3:])]
    assert [[flag["flag"] for flag in own] for own in found] == [["rebound"], []]


def test_halves_that_agree_by_chance_in_one_evaluation_raise_no_flag():
    """The error is that of all evaluations, 0.05 in most: the gap of 0.1 is no sign."""
    rows = [
        {**score(kid), "evaluation": number, "kid_first_half": kid - half,
         "kid_second_half": kid + half}
        for number, (kid, half) in enumerate([(0.9, 0), (0.2, 0.05), (0.1, 0), (0.2, 0)])
    ]  # fmt: skip
    assert score_flags(rows, True, "kid-x", 1) == []
    losses = [{"kimg": float(kimg), "generator_loss": -float(kimg)} for kimg in range(24)]
    scores = [{**row, "kimg": 8.0 * number} for number, row in enumerate(rows)]
    scores[2]["kimg"] = 10.0  # before the second half begins
    assert falling_loss_flags(losses, scores, True, "kid-x") == []
    assert falling_loss_flags(losses, [scores[0], *scores[2:]], True, "kid-x") != []


@pytest.mark.parametrize(
    ("coverages", "expected"),
    [
        ([0.6, 0.31], []),
        ([0.6, 0.29], ["collapsed"]),  # less than half of the widest
        ([0.06, 0.051], []),
        ([0.06, 0.049], ["collapsed"]),  # next to nothing
        ([0.2, 0.6, 0.6], []),
    ],
)
def test_collapse_is_a_loss_of_coverage(coverages, expected):
    rows = [UNTRAINED, *(score(0.1, coverage) for coverage in coverages)]
    assert flags(rows) == expected


@pytest.mark.parametrize(("evaluations", "expected"), [(3, ["collapsed"]), (4, []), (5, [])])
def test_little_coverage_counts_after_half_of_the_budget(evaluations, expected):
    rows = [UNTRAINED, score(0.1, 0.04), score(0.1, 0.04)]
    rows = [{**row, "evaluation": number} for number, row in enumerate(rows)]
    found = score_flags(rows, False, "kid-x", evaluations // 2)
    assert [flag["flag"] for flag in found] == expected


def test_both_at_once_and_none_without_a_trained_evaluation():
    rows = [UNTRAINED, score(0.1), score(0.9, coverage=0.1)]
    assert flags(rows) == ["rebound", "collapsed"]
    assert score_flags([UNTRAINED], False, "x", 5) == score_flags([], False, "x", 5) == []


def trained(accuracies, losses=(0.5,)):
    count = max(len(accuracies), len(losses))
    accuracies, losses = (list(x) * (count // len(x)) for x in (accuracies, losses))
    return [
        {"kimg": float(i + 1), "real_accuracy": accuracy, "discriminator_loss": loss}
        for i, (accuracy, loss) in enumerate(zip(accuracies, losses, strict=True))
    ]


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ([0.5, 0.5, 0.81, 0.81], []),  # the first half does not count
        ([0.9, 0.9, 0.79, 0.79], ["accuracy_below_band"]),
        ([0.9, 0.9, 0.96, 0.96], ["accuracy_above_band"]),
        ([0.9, 0.9, 0.90, 0.99], []),  # the mean does
        ([0.9], []),
    ],
)
def test_accuracy_outside_the_band(accuracies, expected):
    found = training_flags(trained(accuracies), reaches_zero=True)
    assert [flag["flag"] for flag in found] == expected
    half = len(accuracies) // 2
    assert all(flag == {**flag, "kimg": half + 1.0, "identity": None} for flag in found)


@pytest.mark.parametrize(
    ("losses", "reaches_zero", "expected"),
    [
        ([0.5, 0.5, 0.0009, 0.0009], True, ["discriminator_loss_zero"]),
        ([0.0, 0.0, 0.0011, 0.0011], True, []),
        ([0.5, 0.5, -3.0, -3.0], False, []),  # a critic's loss has no floor
        ([0.5, 0.0002, None, None], True, ["discriminator_loss_zero"]),  # of the finite rows
    ],
)
def test_a_loss_at_zero(losses, reaches_zero, expected):
    found = training_flags(trained([0.9], losses), reaches_zero)
    assert [flag["flag"] for flag in found] == expected


def test_without_a_finite_row_there_is_nothing_to_say():
    assert training_flags([], True) == training_flags(trained([0.9], [None]), True) == []


FALLING = [2.0 - 0.05 * i + 0.08 * (i % 3 == 0) for i in range(24)]  # steadily, with noise
WORSE = [score(0.3, kimg=0.0), score(0.1, kimg=12.0), score(0.14, kimg=24.0)]


def falling(losses, scores):
    rows = [{"kimg": float(i + 1), "generator_loss": loss} for i, loss in enumerate(losses)]
    return falling_loss_flags(rows, scores, False, "kid-x")


@pytest.mark.parametrize(
    ("losses", "scores", "expected"),
    [
        (FALLING, WORSE, True),
        ([-50.0 + 10.0 * loss for loss in FALLING], WORSE, True),  # whatever its scale
        ([9.0] * 12 + FALLING[:12], WORSE, True),  # the second half counts
        (FALLING[:12] + [1.4] * 12, WORSE, False),
        ([1.0 + 0.3 * (-1) ** i - 0.01 * i for i in range(24)], WORSE, False),  # a drift in noise
        (FALLING[::-1], WORSE, False),  # it rises
        (FALLING, [WORSE[0], score(0.14, kimg=12.0), score(0.1, kimg=24.0)], False),  # better
        (FALLING, [WORSE[0], WORSE[1], score(0.110, kimg=24.0)], False),  # may be chance
        (FALLING, WORSE[:2], False),  # one evaluation says nothing of a change
        (FALLING, [WORSE[1], WORSE[2]], False),  # the first is the untrained generator's
        (FALLING[:18], WORSE, False),  # nine rows are few
        ([*FALLING[:22], None, None], WORSE, True),  # of the finite rows
        ([], [], False),
    ],
)
def test_a_generator_loss_that_falls_while_images_get_worse(losses, scores, expected):
    found = falling(losses, scores)
    flag = {"flag": "generator_loss_falls", "kimg": 24.0, "identity": "kid-x"}
    assert found == ([flag] if expected else [])


def test_the_worse_kid_must_not_be_chance():
    """The gap is 0.04; 4 errors of it are 4 * sqrt(2) * error."""
    for error, expected in ((0.0070, True), (0.0072, False)):
        scores = [score(row["kid"], kimg=row["kimg"], error=error) for row in WORSE]
        assert bool(falling(FALLING, scores)) is expected
    unknown = [{**row, "kid_blocks": [row["kid"]]} for row in WORSE]
    assert not falling(FALLING, unknown)


def pulled(*values, name="historical_pull"):
    rows = [{"kimg": float(n), name: value} for n, value in enumerate(values)]
    return [flag["flag"] for flag in idle_penalty_flags(rows)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.5, 0.5, 0.009, 0.009), ["idle_penalty.historical"]),  # the first half does not count
        ((0.001, 0.001, 0.011, 0.011), []),
        ((0.001, 0.001, 0.001, 9.0, 0.001), ["idle_penalty.historical"]),  # one batch alone
        ((None, 0.001, None, 0.001), ["idle_penalty.historical"]),  # rows between evaluations
        ((None, None), []),
        ((), []),
    ],
)
def test_a_penalty_that_does_nothing_is_flagged(values, expected):
    assert pulled(*values) == expected


def test_each_penalty_is_flagged_by_its_name():
    rows = [{"kimg": 1.0, "r1_pull": 0.3, "generator_orthogonal_pull": 1e-4, "r1_penalty": 0.0}]
    (flag,) = idle_penalty_flags(rows)
    assert flag == {"flag": "idle_penalty.generator_orthogonal", "kimg": 1.0, "identity": None}
