"""Precision, recall, density and coverage against `prdc`, brute force, theory and edge cases."""

import math
import tracemalloc

import numpy as np
import pytest
from prdc import compute_prdc

from harness.core.errors import HarnessError
from harness.metrics import neighbours as module
from harness.metrics.neighbours import SCORES, Neighbourhoods, radii


def features(n, seed, shift=0.0, size=6):
    return (np.random.default_rng(seed).standard_normal((n, size)) + shift).astype(np.float32)


def kth(x, others, k):
    """The distance of each of `others` to its k-th nearest one of them, but itself."""
    return [
        sorted(math.dist(a, b) for j, b in enumerate(others) if j != i)[k - 1]
        for i, a in enumerate(x)
    ]


def brute_force(generated, real, k=5):
    generated, real = generated.astype(float), real.astype(float)
    reach, own = kth(real, real, k), kth(generated, generated, k)
    apart = [[math.dist(x, y) for y in real] for x in generated]
    held = [[d < r for d, r in zip(row, reach, strict=True)] for row in apart]
    return {
        "precision": sum(map(any, held)) / len(generated),
        "recall": sum(
            any(row[j] < r for row, r in zip(apart, own, strict=True)) for j in range(len(real))
        )
        / len(real),
        "density": sum(map(sum, held)) / (k * len(generated)),
        "coverage": sum(map(any, zip(*held, strict=True))) / len(real),
    }


@pytest.mark.parametrize(("n", "shift"), [(20, 0.0), (61, 1.0), (6, 0.5)])
def test_equal_brute_force_whatever_the_chunk(monkeypatch, n, shift):
    generated, real = features(n, 1, shift), features(47, 2)
    expected = pytest.approx(brute_force(generated, real))
    assert Neighbourhoods(real)(generated) == expected
    monkeypatch.setattr(module, "CHUNK", 10)
    monkeypatch.setattr(module, "PAIRS", 7)
    assert Neighbourhoods(real)(generated) == expected
    monkeypatch.setattr(module, "CROWDED", math.inf)  # float64 alone
    assert Neighbourhoods(real)(generated) == expected


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(("size", "shift"), [(2, 0.5), (64, 0.1), (512, 0.02)])
def test_equal_prdc(k, size, shift):
    generated, real = features(230, 5, shift, size), features(310, 6, 0.0, size)
    theirs = compute_prdc(real.astype(float), generated.astype(float), nearest_k=k)
    values = Neighbourhoods(real, k)(generated)
    assert list(values) == list(SCORES)
    assert values == pytest.approx(theirs, abs=1e-12)


def test_expectations_of_equal_distributions():
    """Naeem et al. 2020, section 3.3: density 1, coverage by M, N and k, of any distribution."""
    n, m, k, draws = 60, 90, 5, 200
    random = np.random.default_rng(0)
    found = [
        Neighbourhoods(random.exponential(size=(m, 3)), k)(random.exponential(size=(n, 3)))
        for _ in range(draws)
    ]
    # a ball is missed where the k nearest of all others are real ones
    expected = 1 - math.prod((m - i) / (m + n - i) for i in range(1, k + 1))
    for name, value in (("density", 1.0), ("coverage", expected)):
        values = [each[name] for each in found]
        assert abs(np.mean(values) - value) < 4 * np.std(values) / math.sqrt(draws)


def test_an_outlier_raises_precision_more_than_density():
    """Naeem et al. 2020, figure 3: one far real image has a ball that holds what is far off."""
    real = np.concatenate([features(100, 0), np.full((1, 6), 30.0, np.float32)])
    far = features(100, 1, shift=15.0)
    with_outlier, without = Neighbourhoods(real)(far), Neighbourhoods(real[:-1])(far)
    assert (without["precision"], without["density"]) == (0.0, 0.0)
    assert with_outlier["precision"] == 1.0
    assert with_outlier["density"] == pytest.approx(0.2)  # one ball of k
    assert with_outlier["coverage"] == pytest.approx(1 / 101)


def test_fidelity_and_variety_are_told_apart():
    real = features(200, 0)
    everything = Neighbourhoods(real)(real)
    assert [everything[name] for name in ("precision", "recall", "coverage")] == [1.0] * 3
    one_mode = Neighbourhoods(real)(real[:1] + 1e-3 * features(200, 1))
    assert one_mode["precision"] == 1.0
    assert one_mode["density"] > 1.0
    assert max(one_mode["recall"], one_mode["coverage"]) < 0.2
    spread = Neighbourhoods(real)(3 * features(200, 1))
    assert spread["precision"] < 0.5 < spread["recall"]
    assert set(Neighbourhoods(real)(real + 100).values()) == {0.0}


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
@pytest.mark.parametrize(("beyond", "expected"), [(-1e-7, 1.0), (1e-7, 0.0)])
def test_what_float32_cannot_tell_is_told(monkeypatch, scale, beyond, expected):
    real = np.random.default_rng(3).standard_normal((40, 6)) + 50.0
    directions = np.random.default_rng(4).standard_normal((40, 6))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    limits = np.full(40, 1e-4)  # so small that only an image's own companion can be within it
    generated = real + directions * np.sqrt(limits * (1.0 + beyond))[:, None]
    monkeypatch.setattr(module, "radii", lambda *_: limits * scale**2)
    values = Neighbourhoods(real * scale)(generated * scale)
    assert values == {**dict.fromkeys(SCORES, expected), "density": expected / 5}


def test_radii_that_float32_cannot_order():
    """Neighbours at nearly equal distances, far from the origin and from a distant group."""
    steps = 1.0 + 1e-9 * np.random.default_rng(0).permutation(40)
    points = np.concatenate([np.zeros((1, 40)), np.diag(steps), np.full((3, 40), 1e3)]) + 7.0
    assert radii(points)[0] == pytest.approx(np.sort(steps)[4] ** 2, rel=1e-12)


def test_a_chunk_at_a_time_is_held_in_float64(monkeypatch):
    """Copies of all features were most of an evaluation's memory."""
    monkeypatch.setattr(module, "CHUNK", 16)
    monkeypatch.setattr(module, "PAIRS", 1 << 12)
    real, generated = features(400, 0, size=512), features(400, 1, size=512)
    measure = Neighbourhoods(real)
    tracemalloc.start()
    try:
        measure(generated)
        assert tracemalloc.get_traced_memory()[1] < 2 * real.nbytes  # of these one in float32
    finally:
        tracemalloc.stop()


def test_features_far_beyond_the_real_ones_overflow_nothing():
    real, generated = features(40, 0), features(40, 1)
    generated[0] = 1e30
    values, without = Neighbourhoods(real)(generated), Neighbourhoods(real)(generated[1:])
    assert values["coverage"] == without["coverage"] > 0
    assert values["precision"] == pytest.approx(without["precision"] * 39 / 40)


def test_features_of_zero_and_not_finite():
    real, zeros = features(20, 0), np.zeros((20, 6), np.float32)
    assert set(Neighbourhoods(zeros)(zeros).values()) == {0.0}  # no distance is below 0
    broken = real.copy()
    broken[-1, 0] = np.nan
    assert all(math.isnan(value) for value in Neighbourhoods(real)(broken).values())


def test_too_few_images():
    with pytest.raises(HarnessError, match="at least 6"):
        radii(features(5, 0))
    with pytest.raises(HarnessError, match="5 images have no 5 neighbours"):
        Neighbourhoods(features(6, 0))(features(5, 1))
