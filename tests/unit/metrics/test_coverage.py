"""Coverage against brute force and its edge cases."""

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.metrics import coverage as module
from harness.metrics.coverage import coverage, radii


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
    assert coverage(generated, real, radii(real)) == pytest.approx(expected)
    monkeypatch.setattr(module, "CHUNK", 10)
    assert coverage(generated, real, radii(real)) == pytest.approx(expected)


def test_same_images_cover_everything_and_one_image_little():
    real = features(200, 0)
    assert coverage(real, real, radii(real)) == 1.0
    assert coverage(np.repeat(real[:1], 200, axis=0), real, radii(real)) < 0.2
    assert coverage(real + 100, real, radii(real)) == 0.0


def test_too_few_real_images():
    with pytest.raises(HarnessError, match="at least 6"):
        radii(features(5, 0))
