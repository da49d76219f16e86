"""Coverage against brute force and its edge cases."""

import numpy as np
import pytest

from harness.core.errors import HarnessError
from harness.metrics import coverage as module
from harness.metrics.coverage import measure_coverage, radii


def features(n, seed, shift=0.0):
    return (np.random.default_rng(seed).standard_normal((n, 6)) + shift).astype(np.float32)


def brute_force(generated, real, k=5):
    covered = 0
    for i, x in enumerate(real):
        others = sorted(np.linalg.norm(x - y) for j, y in enumerate(real) if j != i)
        covered += min(np.linalg.norm(x - z) for z in generated) < others[k - 1]
    return covered / len(real)


@pytest.mark.parametrize(("n", "shift"), [(20, 0.0), (61, 1.0), (5, 0.5)])
def test_equals_brute_force_whatever_the_chunk(monkeypatch, n, shift):
    generated, real = features(n, 1, shift), features(47, 2)
    expected = brute_force(generated, real)
    assert measure_coverage(generated, real, radii(real)) == pytest.approx(expected)
    monkeypatch.setattr(module, "CHUNK", 10)
    monkeypatch.setattr(module, "SEARCHED", 7)
    assert measure_coverage(generated, real, radii(real)) == pytest.approx(expected)


def test_same_images_cover_everything_and_one_image_little():
    real = features(200, 0)
    assert measure_coverage(real, real, radii(real)) == 1.0
    assert measure_coverage(np.repeat(real[:1], 200, axis=0), real, radii(real)) < 0.2
    assert measure_coverage(real + 100, real, radii(real)) == 0.0


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
@pytest.mark.parametrize(("beyond", "expected"), [(-1e-7, 1.0), (1e-7, 0.0)])
def test_what_float32_cannot_tell_is_told(scale, beyond, expected):
    real = np.random.default_rng(3).standard_normal((40, 6)) + 50.0
    directions = np.random.default_rng(4).standard_normal((40, 6))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    limits = np.full(40, 1e-4)  # so small that only an image's own companion can be within it
    generated = real + directions * np.sqrt(limits * (1.0 + beyond))[:, None]
    found = measure_coverage(generated * scale, real * scale, limits * scale**2)
    assert found == expected


def test_features_of_zero_and_not_finite(monkeypatch):
    monkeypatch.setattr(module, "SEARCHED", 5)
    real, zeros = features(20, 0), np.zeros((20, 6), np.float32)
    assert measure_coverage(zeros, zeros, radii(zeros)) == 0.0  # no distance is below 0
    broken = real.copy()
    broken[-1, 0] = np.nan
    assert measure_coverage(broken, real, radii(real)) == 0.0


def test_too_few_real_images():
    with pytest.raises(HarnessError, match="at least 6"):
        radii(features(5, 0))
