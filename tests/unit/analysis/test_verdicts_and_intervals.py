"""A verdict says what its interval says, or its row says why not: in every table that has both.

Tables are random: few and many blocks, small and large effects, gaps, levels of a test that its
blocks can or cannot reach.
"""

import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from harness.analysis.effects import estimate_effects
from harness.analysis.pairs import rank
from harness.analysis.pooling import _tips
from harness.analysis.random_effects import combine
from harness.analysis.ranked import ranked_rows
from harness.analysis.verdicts import BETTER, EQUIVALENT, INCONCLUSIVE, NOT_JUDGED, WORSE, reason
from harness.analysis.welch import Spreads, compare_within
from tests.records import plan_of

LEVELS = (0.01, 0.05, 0.2)
SEEDS = range(40)


def told(word, low, high, why):
    """What a row is: agreed, or explained; an error where it is neither."""
    outside = bool(low > 0 or high < 0)
    agreed = (word in (BETTER, WORSE)) is outside and math.isfinite(low)
    assert word in (BETTER, WORSE, EQUIVALENT, INCONCLUSIVE, NOT_JUDGED)
    assert agreed or why, (word, low, high)
    return "agreed" if agreed else "explained"


def values(draw, blocks, columns):
    """Numbers (blocks, columns) with effects of any size, some of them missing."""
    table = draw.normal(0, 1, (blocks, columns)) + draw.normal(0, 2, columns)
    if draw.random() < 0.4:
        table[draw.random(table.shape) < 0.15] = np.nan
    if draw.random() < 0.2:  # values without scatter
        table = np.round(table)
    return table


def every(kind):
    """What rows of all random tables are; each must be met, or the property says nothing."""
    counts = Counter()
    for seed in SEEDS:
        draw = np.random.default_rng(seed)
        alpha = LEVELS[seed % len(LEVELS)]
        counts.update(kind(draw, alpha))
    assert set(counts) == {"agreed", "explained"}, counts
    return counts


def pairs(draw, alpha):
    blocks, columns = int(draw.integers(2, 10)), int(draw.integers(2, 6))
    table = pd.DataFrame(values(draw, blocks, columns), columns=list("abcdef")[:columns])
    table = table.dropna(how="all", axis=1)
    if table.shape[1] < 2:
        return
    _, judged = rank(table, alpha, lower=bool(draw.random() < 0.5))
    for row in judged.itertuples():
        yield told(row.verdict, row.ci_low, row.ci_high, row.reason)


def means(draw, alpha):
    blocks, columns = int(draw.integers(1, 4)), int(draw.integers(2, 6))
    table = pd.DataFrame(values(draw, blocks, columns), columns=list("abcdef")[:columns])
    sd = pd.DataFrame(draw.uniform(0, 2, table.shape), columns=table.columns)
    sd = sd.where(draw.random(sd.shape) > 0.1, 0.0)
    n = pd.DataFrame(draw.integers(2, 12, table.shape), columns=table.columns)
    for row in compare_within(table, Spreads(sd, n), alpha, True).itertuples():
        yield told(row.verdict, row.ci_low, row.ci_high, row.reason)


def study(draw, alpha):
    """The ranking of a study; some trials diverge."""
    seeds, tips = int(draw.integers(2, 10)), int(draw.integers(1, 5))
    final = values(draw, seeds, tips + 1) * 0.02 + 0.3
    contrasts, rows = [], []
    for place in range(tips + 1):
        cell = f"t{place}" if place else "reference"
        for seed in range(seeds):
            lost = place > 0 and draw.random() < 0.05
            rows.append({
                "cell": cell, "seed": seed, "identity": "m", "untrained": 1.7, "coverage": 0.5,
                "final": 1.7 if lost else final[seed, place], "final_kid": 0.3, "flags": "",
                "status": "diverged" if lost else "finished", "censored": 0.0,
            })  # fmt: skip
        if place:
            contrasts.append({
                "name": cell, "kind": "tip", "title": cell, "design": "", "heuristic": "",
                "following": cell, "ignoring": "reference", "claims": [],
                "weights": {cell: 1, "reference": -1},
            })  # fmt: skip
    knobs = {"training.kimg": 200.0, "training.evaluations": 200}
    plan = plan_of(contrasts, range(seeds), alpha=alpha)
    trials = pd.DataFrame(rows).dropna(subset=["final"])
    return estimate_effects(SimpleNamespace(plan=plan, trials=trials, configs={"reference": knobs}))


def effects(draw, alpha):
    for row in study(draw, alpha).itertuples():
        yield told(row.verdict, row.low, row.high, row.reason)


def pooled(draw, alpha):
    fitted = []
    for number in range(int(draw.integers(1, 6))):
        sets = int(draw.integers(3, 7))
        shares = draw.normal(draw.normal(0, 0.3), 0.1, sets)
        fitted.append(
            (f"t{number}", f"Tip {number}", combine(shares, draw.uniform(1e-4, 0.02, sets)))
        )
    for row in _tips(fitted, alpha).itertuples():
        yield told(row.verdict, row.low, row.high, row.reason)


@pytest.mark.parametrize("kind", [pairs, means, effects, pooled], ids=lambda kind: kind.__name__)
def test_a_verdict_agrees_with_its_interval_or_its_row_says_why(kind):
    every(kind)


def test_of_looks_the_reason_names_an_interval_that_says_otherwise():
    draw = np.random.default_rng(0)
    words = (BETTER, WORSE, EQUIVALENT, INCONCLUSIVE)
    for _ in range(200):
        low, high = sorted(draw.normal(0, 1, 2))
        word = words[draw.integers(len(words))]
        row = SimpleNamespace(verdict=word, reason="closed at 9 seeds", low=low, high=high)
        agreed = told(word, low, high, "why") == "agreed"
        assert ("the test decides" in reason(row, math.nan, looked=True)) is not agreed


def test_a_level_that_no_p_can_reach_is_the_reason():
    table = pd.DataFrame({"a": [1.0, 2, 3, 4, 5, 6], "b": [9.0, 10.1, 11, 12.2, 13, 14]})
    _, judged = rank(table, 0.01, lower=True)
    [row] = judged.itertuples()
    assert row.ci_high < 0
    assert (row.verdict, row.reason) == (
        "inconclusive",
        "n = 6: the exact test has no p below 0.031",
    )


def test_an_effect_without_an_interval_stands_alone():
    table = study(np.random.default_rng(0), LEVELS[0])
    table[["place", "rank_low", "rank_high"]] = math.nan
    for row in ranked_rows(table.assign(low=math.nan, high=math.nan), 1000):
        assert row.n > 1
        assert row.estimate_text == row.effect_text


def test_a_table_without_reasons_has_an_asterisk():
    """As LaTeX has it: where interval and verdict differ, and nowhere else."""
    starred = Counter()
    for seed in SEEDS:
        draw = np.random.default_rng(seed)
        table = study(draw, LEVELS[seed % len(LEVELS)])
        table[["place", "rank_low", "rank_high"]] = math.nan
        for row in ranked_rows(table, 1000):
            outside = bool(row.low > 0 or row.high < 0)
            differs = math.isfinite(row.low) and (row.verdict in (BETTER, WORSE)) is not outside
            assert row.starred_verdict.endswith("*") is (differs and row.verdict != NOT_JUDGED)
            starred[row.starred_verdict.endswith("*")] += 1
    assert set(starred) == {True, False}
