"""Settings that give the same interval in fewer trial hours: variance × cost by hand."""

from math import inf

import numpy as np
import pytest

from harness.analysis.remedies import (
    Costs,
    Parts,
    Settings,
    cheapest,
    doubled,
    product,
    schedules,
)
from harness.config.trial import Schedule

NOW = Settings(Schedule(10), 2048)  # two evaluations in the last fifth, eight before, one untrained
COSTS = Costs(training=74.0, evaluation=26 / 11)  # a quarter of a trial is evaluation
QUIET = Parts(evaluation=0.07, short_term=0.10, rest=0.83, images=0.0, n=6)
MANY = 50_000  # real images


@pytest.mark.parametrize(
    ("then", "variance", "cost"),
    [
        (NOW, 1.0, 1.0),
        (Settings(Schedule(10), 4096), 0.83 + 0.10 + 0.035, 0.74 + 0.52),
        (Settings(Schedule(10), 1024), 0.83 + 0.10 + 0.14, 0.74 + 0.13),
        (Settings(Schedule(12, 4), 2048), 0.83 + 0.05 + 0.035, 0.74 + 0.26 * 13 / 11),
        # the published example: four early ones with the untrained, four in the last fifth
        (Settings(Schedule(7, 4), 1024), 0.83 + 0.05 + 0.07, 0.74 + 0.26 * 4 / 11),
    ],
)
def test_the_product_of_variance_and_cost(then, variance, cost):
    assert product(QUIET, COSTS, NOW, then) == pytest.approx(variance * cost)


def test_the_variance_is_that_of_drawn_differences():
    """Of 1,024 images two evaluations have two parts each, or four evaluations one each."""
    random = np.random.default_rng(0)
    rest = random.normal(0, 0.83**0.5, 100_000)

    def variance(evaluations, parts):
        ups = random.normal(0, 0.20**0.5, (100_000, evaluations, 1))
        noise = random.normal(0, 0.28**0.5, (100_000, evaluations, parts))
        return (rest + (ups + noise).mean((1, 2))).var()

    free = Costs(training=1.0, evaluation=0.0)
    expected = product(QUIET, free, NOW, Settings(Schedule(8, 4), 1024))
    assert variance(4, 1) / variance(2, 2) == pytest.approx(expected, rel=0.02)


def test_the_doubled_settings_change_nothing_else():
    samples, closer = doubled(NOW)
    assert samples == Settings(Schedule(10), 4096)
    assert closer == Settings(Schedule(12, 4), 2048)
    assert doubled(closer)[1].schedule == Schedule(16, 8)


def test_the_cheapest_of_all_settings_is_found():
    found = cheapest(QUIET, COSTS, NOW, schedules(NOW.schedule), MANY)
    assert found.settings == Settings(Schedule(8, 4), 1024)
    every = [
        product(QUIET, COSTS, NOW, Settings(schedule, samples))
        for schedule in (Schedule(10), Schedule(12, 4), Schedule(6, 2), Schedule(8, 4))
        for samples in (1024, 2048, 4096)
    ]
    assert found.factor == min(every)


@pytest.mark.parametrize(
    ("parts", "costs", "available", "expected"),
    [
        # evaluations cost nothing, and scoring is half of the variance
        (Parts(0.5, 0.0, 0.5, 0.0, 6), Costs(100.0, 1e-6), MANY, Settings(Schedule(8, 4), 4096)),
        # nor more images than there are
        (Parts(0.5, 0.0, 0.5, 0.0, 6), Costs(100.0, 1e-6), 2048, Settings(Schedule(8, 4), 2048)),
        # with fewer the fixed real images would weigh too much
        (QUIET._replace(images=0.02), Costs(1e-6, 1.0), MANY, Settings(Schedule(6, 2), 2048)),
        # nothing to save
        (Parts(0.01, 0.01, 0.98, 0.0, 6), Costs(100.0, 0.1), MANY, None),
        (Parts(0.0, 0.0, 1.0, inf, 6), Costs(100.0, 1e-6), MANY, None),
    ],
)
def test_what_pays_depends_on_what_it_costs(parts, costs, available, expected):
    found = cheapest(parts, costs, NOW, schedules(NOW.schedule), available)
    assert (found.settings if found else None) == expected
