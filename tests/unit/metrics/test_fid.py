"""Fréchet distance against SciPy's matrix square root, and by hand."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from harness.metrics.fid import Frechet

RANDOM = np.random.default_rng(0)


def features(count, size, scale=1.0, shift=0.0):
    mixing = np.random.default_rng(size).standard_normal((size, size))
    return (RANDOM.standard_normal((count, size)) * scale + shift) @ mixing


def textbook(real, generated):
    """The formula as it is written (Heusel et al. 2017, equation 6)."""
    means = [x.mean(axis=0) for x in (real, generated)]
    one, two = (np.cov(x, rowvar=False) for x in (real, generated))
    root = np.real(sqrtm(one @ two))
    return ((means[0] - means[1]) ** 2).sum() + np.trace(one + two - 2.0 * root)


@pytest.mark.parametrize(("real", "generated", "size"), [(500, 400, 6), (80, 300, 24)])
def test_it_is_the_formula(real, generated, size):
    x, y = features(real, size), features(generated, size, scale=0.7, shift=0.3)
    assert Frechet(x)(y) == pytest.approx(textbook(x, y), rel=1e-9)
    assert Frechet(y)(x) == pytest.approx(Frechet(x)(y), rel=1e-9)


@pytest.mark.parametrize(("real", "generated"), [(20, 30), (30, 20), (20, 90), (90, 20), (50, 50)])
def test_fewer_images_than_features(real, generated):
    """tr((AᵀA BᵀB)^½) is the sum of the singular values of ABᵀ, whatever the ranks."""
    x, y = features(real, 50), features(generated, 50, shift=0.5)
    a, b = ((z - z.mean(axis=0)) / np.sqrt(len(z) - 1) for z in (x, y))
    common = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    apart = ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum()
    expected = apart + (a**2).sum() + (b**2).sum() - 2.0 * common
    assert Frechet(x)(y) == pytest.approx(expected, rel=2e-7)
    # less exact: the root of a singular matrix
    assert Frechet(x)(y) == pytest.approx(textbook(x, y), rel=1e-5)


def test_no_matrix_is_larger_than_there_are_images(monkeypatch):
    """Eigenvalues cost the cube of the size, and there are 2,048 features."""
    sizes, eigenvalues = [], np.linalg.eigvalsh
    monkeypatch.setattr(np.linalg, "eigh", None)  # of a root: not needed
    monkeypatch.setattr(
        np.linalg, "eigvalsh", lambda matrix: sizes.append(len(matrix)) or eigenvalues(matrix)
    )
    distance = Frechet(features(20, 64))
    distance(features(30, 64))
    distance(features(12, 64))
    assert sizes == [20, 12]


def test_by_hand_of_one_feature():
    """Means 2 and 7, variances 2 and 18: 25 + (sqrt 2 - sqrt 18)² = 25 + 8."""
    assert Frechet(np.array([[1.0], [3.0]]))(np.array([[4.0], [10.0]])) == pytest.approx(33.0)


def test_of_equal_sets_it_is_zero_and_in_float64():
    x = features(300, 16).astype(np.float32)
    assert Frechet(x)(x) == pytest.approx(0.0, abs=1e-4)
    moved = (x.astype(np.float64) + 1000.0).astype(np.float32)
    assert Frechet(moved)(moved) == pytest.approx(0.0, abs=1e-4)


def test_features_that_are_not_finite():
    x = features(30, 4)
    assert np.isnan(Frechet(x)(np.where(x > 2.0, np.inf, x)))
