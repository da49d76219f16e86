"""Runs of studies side by side: what their effects have in common, and what has moved."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from harness.analysis.effects import BETTER, WORSE, estimate
from harness.analysis.failures import outcomes
from harness.analysis.frame import Frames, each_row
from harness.analysis.ranking import ranking
from harness.config.patch import DEFAULTS


class Comparison(NamedTuple):
    """Tables of runs, in the order in which they were named."""

    runs: pd.DataFrame  # what each was: data, budget, metric, code
    effects: pd.DataFrame  # one row a contrast that two runs or more have, and run
    agreement: pd.DataFrame  # one row a pair of runs: Kendall's tau over common contrasts
    changed: pd.DataFrame  # contrasts whose effects have opposite signs in two runs
    drift: pd.DataFrame  # one row a cell that two runs trained alike
    ranks: pd.DataFrame  # mean rank of each contrast that all runs have


def compare(frames: Mapping[str, Frames]) -> Comparison:
    """Compare runs by the contrasts and cells that they share."""
    rankings = {name: ranking(own) for name, own in frames.items()}
    table = _effects(rankings)
    pairs = list(combinations(frames, 2))
    wide = table.pivot_table("effect", "contrast", "run", aggfunc="first", sort=False)
    wide = wide.reindex(columns=list(frames))
    return Comparison(
        runs=pd.DataFrame([_run(name, own) for name, own in frames.items()]),
        effects=table,
        agreement=pd.DataFrame(
            [_agreement(wide, *pair) for pair in pairs],
            columns=["a", "b", "contrasts", "tau", "p"],
        ),
        changed=_changed(table, pairs),
        drift=pd.concat([_drift(frames, *pair) for pair in pairs], ignore_index=True),
        ranks=_ranks(wide.dropna()),
    )


def _run(name: str, frames: Frames) -> dict[str, object]:
    config = {**DEFAULTS, **frames.configs[frames.plan["reference"]]}
    trials, environments = frames.trials, frames.environments
    identities, ended = trials["identity"].dropna().unique(), outcomes(trials)
    return {
        "run": name,
        "title": frames.plan["title"],
        "data": config["data.name"],
        "pixels": config["data.image_size"],
        "kimg": config["training.kimg"],
        "seeds": len(frames.plan["seeds"]),
        "finished": ended.finished,
        "planned": ended.trials,
        "failures": ended.failures,
        "outcome": ended.sentence,
        "objective": frames.plan["objective"],
        "identity": "; ".join(identities),
        "code": "; ".join(sorted(set(environments["commit"].str[:7]) - {""})),
        "versions": "; ".join(sorted(set(environments["versions"]))),
    }


_EFFECTS = ("contrast", "title", "design", "n", "effect", "low", "high", "p_adjusted", "verdict")


def _effects(rankings: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    tables = [
        own.loc[own["n"] > 0, list(_EFFECTS)].assign(run=name) for name, own in rankings.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    common = table.groupby("contrast")["run"].transform("nunique") > 1
    return table[common].sort_values("contrast", kind="stable").reset_index(drop=True)


def _agreement(wide: pd.DataFrame, a: str, b: str) -> tuple[str, str, int, float, float]:
    """Whether two runs order the contrasts alike: 1 the same order, -1 the reverse."""
    both = wide[[a, b]].dropna()
    if len(both) < 2:
        return a, b, len(both), math.nan, math.nan
    found = stats.kendalltau(both[a], both[b])
    return a, b, len(both), float(found.statistic), float(found.pvalue)


def _changed(table: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Opposite signs; `judged` where both runs are sure of theirs."""
    rows = []
    for contrast, group in table.groupby("contrast", sort=False):
        own = {row.run: row for row in each_row(group)}
        for a, b in pairs:
            if a in own and b in own and own[a].effect * own[b].effect < 0:
                sure = {own[a].verdict, own[b].verdict} == {BETTER, WORSE}
                rows.append((contrast, a, b, own[a].effect, own[b].effect, sure))
    return pd.DataFrame(rows, columns=["contrast", "a", "b", "effect_a", "effect_b", "judged"])


_DRIFT = ("a", "b", "cell", "same", "n", "difference", "low", "high")


def _drift(frames: Mapping[str, Frames], a: str, b: str) -> pd.DataFrame:
    """b - a by seed, of cells with the same knobs and metric; `same`: trials that are one."""
    values, rows = {name: _by_cell(frames[name]) for name in (a, b)}, []
    for knobs in [knobs for knobs in values[a] if knobs in values[b]]:
        (label, one), (_, two) = values[a][knobs], values[b][knobs]
        both = one.merge(two, left_index=True, right_index=True, suffixes=("_a", "_b"))
        both = both[both["identity_a"] == both["identity_b"]]
        apart = both[both["key_a"] != both["key_b"]]
        found = estimate(apart["final_b"] - apart["final_a"], 0.05)
        same = len(both) - len(apart)
        rows.append((a, b, label, same, found.n, found.effect, found.low, found.high))
    return pd.DataFrame(rows, columns=list(_DRIFT))


def _by_cell(frames: Frames) -> dict[tuple[str, ...], tuple[str, pd.DataFrame]]:
    """Knobs of a cell → its label and its trials that have a value, by seed."""
    known = {}
    for label, config in frames.configs.items():
        knobs = {**DEFAULTS, **config}
        name = tuple(f"{path}={knobs[path]}" for path in sorted(knobs) if path not in _ASIDE)
        own = frames.trials[frames.trials["cell"] == label].dropna(subset=["final"])
        columns = own.drop_duplicates("seed").set_index("seed")[["final", "identity", "key"]]
        known[name] = (label, columns)
    return known


_ASIDE = ("seed", "data.path", "evaluation.encoder")  # paths; what is there counts by content


def _ranks(wide: pd.DataFrame) -> pd.DataFrame:
    """Mean rank of each contrast over runs, the most helpful first."""
    ranks = wide.rank(axis=0).mean(axis=1) if len(wide) else pd.Series(dtype=float)
    table = pd.DataFrame({"contrast": ranks.index, "rank": ranks.to_numpy(float)})
    return table.sort_values("rank", kind="stable").reset_index(drop=True)


def critical_difference(contrasts: int, runs: int, alpha: float) -> float:
    """How far mean ranks must lie apart to differ (Nemenyi 1963; Demšar 2006)."""
    q = float(stats.studentized_range.ppf(1 - alpha, contrasts, np.inf)) / math.sqrt(2)
    return q * math.sqrt(contrasts * (contrasts + 1) / (6 * runs))
