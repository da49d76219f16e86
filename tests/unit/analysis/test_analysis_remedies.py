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
QUIET = Parts(evaluation=0.07, rest=0.93, images=0.0, n=6)
MANY = 50_000  # real images


@pytest.mark.parametrize(
    ("then", "variance", "cost"),
    [
        (NOW, 1.0, 1.0),
        (Settings(Schedule(10), 4096), 0.93 + 0.035, 0.74 + 0.52),
        (Settings(Schedule(10), 1024), 0.93 + 0.14, 0.74 + 0.13),
        (Settings(Schedule(12, 4), 2048), 0.93 + 0.035, 0.74 + 0.26 * 13 / 11),
        # the published example: four early ones with the untrained, four in the last fifth
        (Settings(Schedule(7, 4), 1024), 0.93 + 0.07, 0.74 + 0.26 * 4 / 11),
    ],
)
def test_the_product_of_variance_and_cost(then, variance, cost):
    assert product(QUIET, COSTS, NOW, then) == pytest.approx(variance * cost)


def test_the_variance_is_that_of_drawn_differences():
    """Parts of 512 images each: two evaluations have eight, four of as many images sixteen."""
    random = np.random.default_rng(0)
    rest = random.normal(0, 0.93**0.5, 100_000)

    def variance(parts):
        return (rest + random.normal(0, (8 * 0.07) ** 0.5, (100_000, parts)).mean(1)).var()

    free = Costs(training=1.0, evaluation=0.0)
    for then, parts in (
        (Settings(Schedule(8, 4), 2048), 16),
        (Settings(Schedule(8, 4), 1024), 8),
        (Settings(Schedule(4, 2), 512), 2),
    ):
        expected = product(QUIET, free, NOW, then)
        assert variance(parts) / variance(8) == pytest.approx(expected, rel=0.02)


def test_the_doubled_settings_change_nothing_else():
    samples, closer = doubled(NOW)
    assert samples == Settings(Schedule(10), 4096)
    assert closer == Settings(Schedule(12, 4), 2048)
    assert doubled(closer)[1].schedule == Schedule(16, 8)


def test_the_cheapest_of_all_settings_is_found():
    found = cheapest(QUIET, COSTS, NOW, schedules(NOW.schedule), MANY)
    # as many images in the last fifth, in more and smaller evaluations, and few before it
    assert found.settings == Settings(Schedule(12, 8), 512)
    assert found.factor == pytest.approx(0.74 + 0.26 * 13 / 4 / 11)
    every = [
        product(QUIET, COSTS, NOW, Settings(Schedule(early + final, final), samples))
        for early in (8, 4)
        for final in (2, 4, 8)
        for samples in (512, 1024, 2048, 4096, 8192)
    ]
    assert found.factor == pytest.approx(min(every))


@pytest.mark.parametrize(
    ("parts", "costs", "available", "expected"),
    [
        # evaluations cost nothing, and scoring is half of the variance
        (Parts(0.5, 0.5, 0.0, 6), Costs(100.0, 1e-6), MANY, Settings(Schedule(12, 8), 8192)),
        # nor more images than there are
        (Parts(0.5, 0.5, 0.0, 6), Costs(100.0, 1e-6), 2048, Settings(Schedule(12, 8), 2048)),
        # with fewer the fixed real images would weigh too much
        (QUIET._replace(images=0.02), Costs(1e-6, 1.0), MANY, Settings(Schedule(6, 2), 2048)),
        # nothing to save
        (Parts(0.01, 0.99, 0.0, 6), Costs(100.0, 0.1), MANY, None),
        (Parts(0.0, 1.0, inf, 6), Costs(100.0, 1e-6), MANY, None),
    ],
)
def test_what_pays_depends_on_what_it_costs(parts, costs, available, expected):
    found = cheapest(parts, costs, NOW, schedules(NOW.schedule), available)
    assert (found.settings if found else None) == expected
