"""KID against independent oracles: triple loops, torch-fidelity's recipe, S0's formula."""

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.metrics.kid import blocks, mmd, subsets


def features(n, d=7, shift=0.0, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)) + shift


def kernel(a, b):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return (total / len(a) + 1.0) ** 3


def brute_force(x, y):
    n, m = len(x), len(y)
    xx = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j)
    yy = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j)
    xy = sum(kernel(x[i], y[j]) for i in range(n) for j in range(m))
    return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m)


@pytest.mark.parametrize(("n", "m"), [(5, 9), (9, 5), (2, 6)])
def test_mmd_equals_triple_loop_with_unequal_sizes(n, m):
    x, y = features(n), features(m, shift=0.3, seed=1)
    assert mmd(x, y) == pytest.approx(brute_force(x, y), rel=1e-12)


def test_blocks_are_disjoint_ordered_and_drop_the_remainder():
    x, y = features(25), features(17, seed=1)
    values = blocks(x, y, 8)
    assert values == pytest.approx([mmd(x[:8], y[:8]), mmd(x[8:16], y[8:16])], rel=1e-12)


def fidelity_recipe(x, y, size):
    """torch-fidelity's draws and formula, written again from its description."""
    random = np.random.RandomState(2020)
    gamma, values = 1.0 / x.shape[1], []
    for _ in range(100):
        a = x[random.choice(len(x), size, replace=False)]
        b = y[random.choice(len(y), size, replace=False)]
        aa, bb, ab = ((gamma * np.dot(p, q.T) + 1) ** 3 for p, q in ((a, a), (b, b), (a, b)))
        np.fill_diagonal(aa, 0.0)
        np.fill_diagonal(bb, 0.0)
        pairs = size * (size - 1)
        values.append(aa.sum() / pairs + bb.sum() / pairs - 2 * ab.sum() / size**2)
    return np.mean(values), np.std(values)


@pytest.mark.parametrize(
    ("n", "m", "size"),
    [(140, 110, 100), (100, 100, 100), (300, 280, 20)],  # from all pairs, and subset by subset
)
def test_subsets_equal_torch_fidelitys_mean_and_population_deviation(monkeypatch, n, m, size):
    monkeypatch.setattr("harness.metrics.kid.CHUNK", 64)
    x, y = features(n, 32), features(m, 32, shift=0.2, seed=3)
    mean, deviation = fidelity_recipe(x, y, size)
    values = subsets(x, y, size)
    assert values.shape == (100,)
    assert values.mean() == pytest.approx(mean, rel=1e-9)
    assert values.std() == pytest.approx(deviation, rel=1e-9)


def test_float32_features_are_accumulated_in_float64():
    x, y = features(300, 64), features(300, 64, seed=1)
    exact = mmd(x.astype(np.float32).astype(np.float64), y.astype(np.float32).astype(np.float64))
    assert mmd(x.astype(np.float32), y.astype(np.float32)) == pytest.approx(exact, rel=1e-12)


def test_same_distribution_is_near_zero_and_a_shift_raises_the_value():
    real = features(640, 16)
    values = [blocks(features(640, 16, s, seed=2), real).mean() for s in (0.0, 0.1, 0.3, 0.9)]
    assert abs(values[0]) < 0.01
    assert values == sorted(values)
    assert values[-1] > 1.0


def test_identical_sets_are_at_or_below_zero():
    # the cross term keeps the pairs of equal images, so the value is a little negative
    real = features(1000, 16)
    assert -0.05 < mmd(real, real) <= 0.0


def test_order_inside_a_block_does_not_matter():
    x, y = features(50), features(50, seed=1)
    order = np.random.default_rng(4).permutation(50)
    assert blocks(x[order], y, 50) == pytest.approx(blocks(x, y, 50), rel=1e-10)


@pytest.mark.parametrize("estimator", [blocks, subsets])
@pytest.mark.parametrize(("n", "m", "side"), [(9, 20, "generated"), (20, 9, "real")])
def test_too_few_images(estimator, n, m, side):
    with pytest.raises(HarnessError, match=f"9 {side} images are fewer .* of 10"):
        estimator(features(n), features(m), 10)


def test_features_of_other_sizes():
    with pytest.raises(HarnessError, match=r"\(10, 7\) and \(10, 8\)"):
        blocks(features(10), features(10, 8), 5)
    with pytest.raises(HarnessError, match="at least 2"):
        blocks(features(10), features(10), 1)
