"""Error rates and coverage by simulation, within binomial bounds. `pytest -s` prints the rates."""

import numpy as np
import pytest
from scipy import stats

from harness.analysis import max_t
from harness.analysis.effects import estimates
from harness.analysis.equivalence import assess_equivalence

REPEATS = 500
CONTRASTS = 5
CASES = [(6, 0.0), (6, 0.5), (8, 0.5), (10, 0.8)]  # seeds, correlation of a seed's trials


def _differences(random, seeds, correlation, heavy=False):
    """Five tips against one reference, no effect at all; trials of a seed are correlated."""
    draw = (lambda size: random.standard_t(3, size)) if heavy else random.standard_normal
    common = np.sqrt(correlation) * draw((seeds, 1))
    own = np.sqrt(1 - correlation) * draw((seeds, CONTRASTS + 1))
    trials = common + own
    return trials[:, 1:] - trials[:, :1]


def _bound(rate):
    """What 999 of 1,000 simulations stay below if the true rate is at most `rate`."""
    return stats.binom.ppf(0.999, REPEATS, rate) / REPEATS


def _tables(seeds, correlation, effect=0.0, heavy=False):
    random = np.random.default_rng([seeds, int(10 * correlation), int(10 * effect), heavy])
    for _ in range(REPEATS):
        D = _differences(random, seeds, correlation, heavy)
        D[:, 0] += effect
        yield estimates(D, 0.05, exact=True)


@pytest.mark.slow
@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize(("seeds", "correlation"), CASES)
def test_error_rates_and_coverage_under_the_null(seeds, correlation, heavy):
    tables = list(_tables(seeds, correlation, heavy=heavy))
    rates = {
        name: np.mean([(table[f"p_{name}"] <= 0.05).any() for table in tables])
        for name in ("max_t", "holm")
    }
    miss = {
        name: np.mean([((table[low] > 0) | (table[high] < 0)).to_numpy() for table in tables], 0)
        for name, low, high in (("one", "t_low", "t_high"), ("all", "low", "high"))
    }
    together = np.mean([((t["low"] > 0) | (t["high"] < 0)).any() for t in tables])
    print(
        f"\nn={seeds} rho={correlation} heavy={heavy}: family-wise error max-|t| "
        f"{rates['max_t']:.3f}, Holm {rates['holm']:.3f}; one 95 % interval covers "
        f"{1 - miss['one'].mean():.3f}, all five together {1 - together:.3f}"
    )
    assert rates["max_t"] <= _bound(0.05)
    if not heavy:
        assert rates["holm"] <= _bound(0.05)
        assert together <= _bound(0.05)
        assert (miss["one"] <= _bound(0.05)).all()
        assert (miss["one"] >= stats.binom.ppf(0.001, REPEATS, 0.05) / REPEATS).all()


@pytest.mark.slow
def test_power_grows_with_seeds_and_pairing():
    power = {}
    for seeds, correlation in [(6, 0.0), (6, 0.5), (8, 0.5), (10, 0.8)]:
        tables = _tables(seeds, correlation, effect=1.5)
        found = np.mean([table["p_adjusted"][0] <= 0.05 for table in tables])
        power[seeds, correlation] = found
    print(f"\npower for an effect of 1.5 standard deviations: {power}")
    assert power[6, 0.0] < power[6, 0.5] < power[8, 0.5] < power[10, 0.8]
    assert power[10, 0.8] > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("heavy", [False, True])
def test_error_rate_where_contrasts_lack_seeds(heavy):
    """Seeds crash here and there, and one contrast has half of them."""
    random, hits = np.random.default_rng([1, heavy]), 0
    for _ in range(REPEATS):
        D = _differences(random, 12, 0.5, heavy)
        D[random.random(D.shape) < 0.1] = np.nan
        D[6:, 4] = np.nan
        hits += bool((max_t.adjusted(D) <= 0.05).any())
    print(f"\nragged, heavy={heavy}: family-wise error {hits / REPEATS:.3f}")
    assert hits / REPEATS <= _bound(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("seeds", [6, 8, 12])
def test_false_equivalence_at_the_margin(seeds, heavy):
    """All effects lie on the margin, none is equivalent: at most alpha of studies say one is."""
    random, half, hits = np.random.default_rng([seeds, heavy]), 1.5, 0
    signs = np.array([1.0, -1.0, 1.0, -1.0, 1.0])
    for _ in range(REPEATS):
        D = _differences(random, seeds, 0.5, heavy) + half * signs
        found = assess_equivalence(D, np.full(CONTRASTS, half), np.ones(CONTRASTS, bool), 0.05)
        hits += bool(found["equivalent"].any())
    print(f"\nequivalence, n={seeds} heavy={heavy}: false in {hits / REPEATS:.3f}")
    assert hits / REPEATS <= _bound(0.05)


@pytest.mark.slow
def test_a_single_equivalence_has_exactly_its_level():
    """One contrast, on the margin: the level is reached, within what 2^n flips can tell."""
    random, hits = np.random.default_rng(3), 0
    for _ in range(4 * REPEATS):
        D = 0.2 * random.standard_normal((10, 1)) + 1.0
        found = assess_equivalence(D, np.ones(1), np.ones(1, bool), 0.05)
        hits += bool(found["equivalent"][0])
    rate = hits / (4 * REPEATS)
    print(f"\none equivalence at its margin: {rate:.3f}")
    assert 0.035 <= rate <= 0.066


@pytest.mark.slow
def test_equivalence_is_found_where_nothing_differs():
    """Five tips without effect, within a margin of 1.5 deviations: the more seeds the surer."""
    shares = {}
    for seeds in (8, 12, 24):
        random, found = np.random.default_rng(seeds), []
        for _ in range(100):
            D = _differences(random, seeds, 0.5)
            table = assess_equivalence(D, np.full(CONTRASTS, 1.5), np.ones(CONTRASTS, bool), 0.05)
            found.append(table["equivalent"].mean())
        shares[seeds] = np.mean(found)
    print(f"\nequivalent among five tips without effect: {shares}")
    assert shares[8] < shares[12] < shares[24]
    assert shares[24] > 0.9
