"""Error rates, coverage and trials of studies with looks, simulated. `pytest -s` prints them."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.effects import ALPHA, MARGIN, MIXES, NORMAL, RESAMPLED, draw
from benchmarks.looks import batch, effects_where_closed, look_by_look, means
from harness.analysis.sequential import State, decide
from harness.plan.looks import Looks

REPEATS = 100
DESIGN = Looks.standard(ALPHA, 6)
# least share decided, most trials; a fixed design of 24 seeds trains 168
EXPECTED = {0: (0.66, 128), 1: (0.80, 108), 2: (0.5, 155), 3: (0, 168)}


def test_simulated_studies_are_those_that_a_run_would_decide():
    differences = draw(MIXES[1], 2, 24, np.random.default_rng(0))
    for one in differences:
        looks = look_by_look(DESIGN, one)
        earlier = []
        for number in range(len(looks)):
            seen = [one[:n] for n in DESIGN.looks[: number + 1]]
            earlier.append(decide(DESIGN, seen, np.full(6, MARGIN), earlier))
            assert [(c.state, c.n, c.low, c.level) for c in earlier[-1]] == (
                [(c.state, c.n, c.low, c.level) for c in looks[number]]
            )
        stopped_early = len(looks) < len(DESIGN.looks)
        assert not (stopped_early and any(one.state is State.OPEN for one in looks[-1]))


@pytest.mark.slow
@pytest.mark.parametrize("noise", [NORMAL, RESAMPLED])
@pytest.mark.parametrize("which", range(4))
def test_errors_and_coverage_with_looks(which, noise):
    found = means(batch("looks", MIXES[which], REPEATS, noise, 24, 0))
    print(f"\n{MIXES[which].name}, {noise}: {found}")
    most = stats.binom.ppf(0.999, REPEATS, ALPHA) / REPEATS
    assert found.false_difference <= most
    assert found.false_equivalence <= most
    assert found.covered >= 1 - most
    assert found.always_covered >= 1 - most
    least, trials = EXPECTED[which]
    if noise == NORMAL:
        assert found.decided >= least
        assert found.trials <= trials


@pytest.mark.slow
def test_stopping_moves_effects_little_and_pooled_intervals_cover():
    for row in effects_where_closed(90):
        assert row.alone == pytest.approx(row.true, abs=0.12)
        assert row.pooled == pytest.approx(row.true, abs=0.12)
        assert row.covered >= 0.88
        assert row.pooled_covered >= 0.93
        assert row.early >= row.alone - 0.05 or row.first == 0
    assert row.first > 0.95  # of the largest effect
