"""Distances to the nearest training image, against a brute-force search and known generators."""

from itertools import permutations

import numpy as np
import pytest

from harness.metrics import nearest as module
from harness.metrics.nearest import compare_distances, copies, find_nearest

WIDTH = 6  # of the features


def drawn(count, seed):
    return np.random.default_rng(seed).normal(size=(count, WIDTH)).astype(np.float32)


def sign(generated, validation, training):
    near, real = (find_nearest(features, [training])[1] for features in (generated, validation))
    return copies(compare_distances(near, real), len(near), len(real))


@pytest.mark.parametrize("size", [7, 50, 100])
def test_the_nearest_is_that_of_a_search_through_all_pairs(size):
    images, training = drawn(40, 0), drawn(100, 1)
    images[3] = training[57]
    parts = (training[at : at + size] for at in range(0, 100, size))
    places, distances = find_nearest(images, parts)
    for image, place, distance in zip(images, places, distances, strict=True):
        every = [float(np.linalg.norm(image.astype(float) - one)) for one in training]
        assert place == int(np.argmin(every))
        assert distance == pytest.approx(min(every), rel=1e-12)
    assert (places[3], distances[3]) == (57, 0.0)


def test_shares_are_those_of_all_pairs():
    random = np.random.default_rng(3)
    generated, validation = random.integers(0, 9, 50) / 4, random.integers(0, 9, 39) / 4  # ties
    told = compare_distances(generated, validation)
    pairs = [(g < v) + (g == v) / 2 for g in generated for v in validation]
    assert told.nearer == pytest.approx(np.mean(pairs))
    limit = sorted(validation)[1]  # 2 of 40 places are 5 %
    assert told.near == pytest.approx(np.mean([g < limit for g in generated]))
    assert told.near_expected == pytest.approx(2 / 40)
    assert (told.median, told.median_validation) == (np.median(generated), np.median(validation))


def test_one_that_copies_is_flagged_and_one_that_draws_new_images_is_not():
    training, validation = drawn(1000, 1), drawn(500, 2)
    copied = training[np.random.default_rng(4).integers(0, 1000, 500)]
    assert sign(copied, validation, training)
    assert sign(copied + 0.01 * drawn(500, 5), validation, training)
    assert not sign(drawn(500, 6), validation, training)


def test_one_that_copies_a_part_is_flagged_though_the_rest_is_far_from_the_data():
    training, validation, far = drawn(1000, 1), drawn(500, 2), 3 * drawn(500, 7)
    assert not sign(far, validation, training)
    assert sign(np.concatenate([far[:400], training[:100]]), validation, training)


def test_of_many_honest_ones_none_is_flagged():
    training = drawn(300, 0)
    assert not any(
        sign(drawn(200, 100 + seed), drawn(100, 1000 + seed), training) for seed in range(100)
    )


def test_the_chance_of_the_very_near_is_that_of_counting_orders():
    for count, place, generated, validation in ((2, 1, 4, 3), (3, 2, 5, 4), (0, 2, 3, 3)):
        marks = [1] * validation + [0] * generated  # in the order of distances
        orders = set(permutations(marks))
        ends = [[n for n, mark in enumerate(order) if mark][place - 1] for order in orders]
        share = np.mean([end - (place - 1) >= count for end in ends])
        chance = module._chance(count, place, generated, validation)
        assert chance == pytest.approx(share), (count, place)


def test_a_handful_of_validation_images_shows_nothing():
    """Of six, the nearest may be far by chance alone."""
    training = drawn(100, 1)
    assert not sign(drawn(6, 2) / 10, drawn(6, 3), training)
