"""KID against independent oracles: triple loops, torch-fidelity's recipe, S0's formula."""

import math
import statistics

import numpy as np
import pytest

from harness.core.errors import HarnessError
from harness.metrics import kid
from harness.metrics.kid import Estimate, blocks, subsets


def features(n, d=7, shift=0.0, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)) + shift


def estimate(protocol, x, y, size):
    return Estimate(y, protocol(len(x), len(y), size))(x)


def mmd(x, y):
    """All of x against all of y."""
    return float(Estimate(y, [(np.arange(len(x)), np.arange(len(y)))])(x)[0])


def plain(x, y):
    """The formula as it stands, in NumPy's float64."""
    xx, yy, xy = ((p @ q.T / p.shape[1] + 1.0) ** 3 for p, q in ((x, x), (y, y), (x, y)))
    n, m = len(x), len(y)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return within - 2.0 * xy.mean()


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
    expected = [plain(x[:8], y[:8]), plain(x[8:16], y[8:16])]
    assert estimate(blocks, x, y, 8) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("protocol", "size"), [(blocks, 8), (subsets, 6), (subsets, 80)])
def test_draws_that_have_images_in_common_equal_the_plain_formula(monkeypatch, protocol, size):
    monkeypatch.setattr(kid, "CHUNK", 32)
    x, y = features(150, 32), features(170, 32, shift=0.2, seed=3)
    half = protocol(150, 85, size)
    draws = [*protocol(150, 170, size), *half, *((one, other + 85) for one, other in half)]
    expected = [plain(x[one], y[other]) for one, other in draws]
    assert Estimate(y, draws)(x) == pytest.approx(expected, rel=1e-10)


def test_real_images_are_summed_once_and_common_subsets_once(monkeypatch):
    x, y = features(40), features(60, seed=1)
    first, second = np.arange(10), np.arange(10, 30)
    prepared = Estimate(y, [(first, first), (first, second), (second, second)])
    seen = []

    def counted(a, b, real=kid._kernel):
        seen.append((len(a), len(b)))
        return real(a, b)

    monkeypatch.setattr(kid, "_kernel", counted)
    values = prepared(x)
    within, across = [(10, 10), (20, 20)], [(10, 10), (10, 20), (20, 20)]
    assert seen == within + across
    assert np.array_equal(prepared(x), values)


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
    monkeypatch.setattr(kid, "CHUNK", 64)
    x, y = features(n, 32), features(m, 32, shift=0.2, seed=3)
    mean, deviation = fidelity_recipe(x, y, size)
    values = estimate(subsets, x, y, size)
    assert values.shape == (100,)
    assert values.mean() == pytest.approx(mean, rel=1e-9)
    assert values.std() == pytest.approx(deviation, rel=1e-9)


def test_float32_features_are_accumulated_in_float64():
    x, y = features(300, 64), features(300, 64, seed=1)
    exact = mmd(x.astype(np.float32).astype(np.float64), y.astype(np.float32).astype(np.float64))
    assert mmd(x.astype(np.float32), y.astype(np.float32)) == pytest.approx(exact, rel=1e-12)


def test_same_distribution_is_near_zero_and_a_shift_raises_the_value():
    real = features(640, 16)
    shifts = (0.0, 0.1, 0.3, 0.9)
    values = [estimate(blocks, features(640, 16, s, seed=2), real, 128).mean() for s in shifts]
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
    assert mmd(x[order], y) == pytest.approx(mmd(x, y), rel=1e-10)


@pytest.mark.parametrize("protocol", [blocks, subsets])
@pytest.mark.parametrize(("n", "m", "side"), [(9, 20, "generated"), (20, 9, "real")])
def test_too_few_images(protocol, n, m, side):
    with pytest.raises(HarnessError, match=f"9 {side} images are fewer .* of 10"):
        protocol(n, m, 10)
    with pytest.raises(HarnessError, match="at least 2"):
        protocol(n, m, 1)


def test_features_of_other_sizes():
    prepared = Estimate(features(10, 8), blocks(10, 10, 5))
    with pytest.raises(HarnessError, match=r"\(10, 7\) and \(10, 8\)"):
        prepared(features(10))


@pytest.mark.parametrize("blocks", [2, 3, 39])
def test_the_standard_error_is_that_of_the_standard_library(blocks):
    for scale in (1e-9, 1.0, 1e6):
        values = list(scale * (1 + np.random.default_rng(blocks).normal(size=blocks)))
        expected = statistics.stdev(values) / math.sqrt(blocks)
        row = {kid.VALUES: values}
        assert kid.standard_error(row, overlapping=False) == pytest.approx(expected, rel=1e-13)


def test_the_standard_error_is_that_of_replicates():
    row = {"kid_blocks": [0.1, 0.2, 0.6], "kid_first_half": 0.2, "kid_second_half": 0.4}
    assert kid.standard_error(row, overlapping=False) == pytest.approx(0.07**0.5 / 3**0.5)
    assert kid.standard_error(row, overlapping=True) == pytest.approx(0.1)
    shared = {"kid_blocks": [0.1, 0.2, 0.6], "kid_half_a": 0.2, "kid_half_b": 0.3}
    assert kid.standard_error(shared, overlapping=True) == pytest.approx(0.05)
    assert kid.replicates(shared, overlapping=True) == [None, None]  # they share images
    for one in ({"kid_blocks": [0.1]}, {"kid_blocks": []}, {}, {"kid_first_half": None}):
        assert math.isnan(kid.standard_error(one, "kid_first_half" in one))


def test_the_pooled_error_is_the_root_mean_square_of_those_that_are_known():
    rows = [{"kid_blocks": [0.0, 0.2]}, {"kid_blocks": [0.0, 0.6]}, {"kid_blocks": [0.1]}]
    assert kid.pooled_error(rows, overlapping=False) == pytest.approx(0.05**0.5)
    assert math.isnan(kid.pooled_error(rows[2:], overlapping=False))
