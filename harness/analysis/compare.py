"""Runs of studies side by side: what their effects have in common, and what has moved."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.analysis.agreement import kendall
from harness.analysis.effects import BETTER, NOT_JUDGED, WORSE, estimate
from harness.analysis.failures import outcomes
from harness.analysis.frame import Frames, each_row
from harness.analysis.learning import of_reference
from harness.analysis.objectives import objective
from harness.analysis.poolable import name_images
from harness.analysis.pooling import Pool, pool_runs
from harness.analysis.ranked import contrast_titles
from harness.analysis.ranking import rank_contrasts
from harness.analysis.verdicts import UNLOOKED
from harness.config.patch import DEFAULTS
from harness.config.study import TIME
from harness.core import format as show
from harness.plan.naming import cell_names


class Comparison(NamedTuple):
    """Tables of runs, in the order in which they were named.

    A `measure` is an objective under a metric identity. Numbers of two measures are on two scales:
    they share a table here, which has a column for the measure, and none that people read.
    """

    runs: pd.DataFrame  # what each was: data, budget, metric, code
    effects: pd.DataFrame  # one row a contrast that two runs or more have, and run
    agreement: pd.DataFrame  # one row a pair of runs and of measures: Kendall's tau over contrasts
    changed: pd.DataFrame  # contrasts whose effects have opposite signs in two runs
    drift: pd.DataFrame  # one row a cell that two runs trained alike, and measure
    ranks: pd.DataFrame  # mean rank of each contrast that all runs have, each by one measure
    rankings: Mapping[str, pd.DataFrame]  # run → its ranking, of all its contrasts
    pooled: Pool | None = None  # one estimate a contrast over all runs, where it was asked for

    def to_json(self) -> dict[str, Any]:
        """Every table as a list of its rows, with all digits; unknown values are NaN."""
        parts = {**self._asdict(), **(self.pooled._asdict() if self.pooled else {})}
        return {
            name: part.to_dict("records") if isinstance(part, pd.DataFrame) else part
            for name, part in parts.items()
            if name not in ("pooled", "rankings")
        }


def compare_runs(frames: Mapping[str, Frames], pool: bool = False) -> Comparison:
    """Compare runs by the contrasts and cells that they share.

    `pool`: as data sets or sizes that one estimate a contrast is made of, too; a HarnessError where
    they are none (`pooling`).
    """
    rankings = {name: rank_contrasts(run) for name, run in frames.items()}
    pooled = pool_runs(frames, rankings) if pool else None
    table = _effects(rankings, {name: _objective(run) for name, run in frames.items()})
    pairs = list(combinations(frames, 2))
    runs = pd.DataFrame([_run(name, run) for name, run in frames.items()])
    told = _told(table, runs)
    agreement = [row for pair in pairs for row in _agreement(told, *pair)]
    return Comparison(
        runs=runs,
        effects=table,
        agreement=pd.DataFrame(agreement, columns=list(_AGREEMENT)),
        changed=_changed(told, pairs),
        drift=pd.concat([_drift(frames, *pair) for pair in pairs], ignore_index=True),
        ranks=_ranks(told, list(frames)),
        pooled=pooled,
        rankings=rankings,
    )


def _told(effects: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The effects that order and sign are taken of: not those of what has not learnt."""
    grey = set(runs.loc[runs["unlearnt"] != "", "run"])
    waiting = effects["reason"].str.startswith(UNLOOKED)
    collapsed = (effects["verdict"] == NOT_JUDGED) & (effects["reason"] != "") & ~waiting
    return effects[~effects["run"].isin(grey) & ~collapsed]


def unlearnt(comparison: Comparison) -> list[str]:
    """A sentence for each run whose reference has not learnt; it is printed before the numbers."""
    return [
        f"{row.run}: the reference has not learnt ({row.unlearnt}), so its effects judge nothing, "
        "and neither agree nor differ with others."
        for row in each_row(comparison.runs)
        if row.unlearnt
    ]


def margins_apart(runs: pd.DataFrame, where: str = "in") -> list[str]:
    """A sentence on the margins within which runs call an effect equivalent; none if they are one.

    `runs` is the table of a comparison; a reference learns `where` a run: in it, or on its images.
    """
    parts: dict[str, list[str]] = {}
    for row in each_row(runs):
        parts.setdefault(" ".join(equivalent_within(row)), []).append(row.run)
    if len(parts) < 2:
        return []
    margins = "; ".join(f"{margin} {where} {show.listed(names)}" for margin, names in parts.items())
    return [
        f"“Equivalent” has no common margin: it is {margins}. An effect that is equivalent by a "
        "wide margin may not be by a narrow one."
    ]


def equivalent_within(row: Any) -> tuple[str, str]:
    """The declared margin of a row of the table of runs, as a share, and of what it is one."""
    base = "the reference's time" if row.objective.startswith(TIME) else "what the reference learnt"
    return f"± {show.percent(row.equivalence)}", f"of {base}"


def _objective(frames: Frames) -> str:
    """The declared objective, with its threshold where it has one."""
    name, threshold = frames.plan.objective, frames.plan.threshold
    return f"{name} {show.plain(threshold)}" if name == TIME and threshold is not None else name


def measure(judged: str, identity: str) -> str:
    """The scale of an effect: what two effects must share to be compared in size."""
    return f"{judged}, {identity}"


def scale(measure: str) -> tuple[float, str]:
    """By what numbers of a measure are multiplied when they are shown, and in which unit."""
    judged = objective(measure.replace(",", " ").split()[0])
    return judged.scale, judged.unit


def _run(name: str, frames: Frames) -> dict[str, object]:
    config = {**DEFAULTS, **frames.configs[frames.plan.reference]}
    trials, environments = frames.trials, frames.environments
    identities, ended = trials["identity"].dropna().unique(), outcomes(trials)
    return {
        "run": name,
        "title": frames.plan.title,
        "data": name_images(config),
        "pixels": config["data.image_size"],
        "kimg": config["training.kimg"],
        "seeds": len(frames.plan.seeds),
        "finished": ended.finished,
        "planned": ended.trials,
        "failures": ended.failures,
        "outcome": ended.sentence,
        "unlearnt": of_reference(frames.plan, trials),
        "objective": _objective(frames),
        "equivalence": frames.plan.equivalence,
        "identity": "; ".join(identities),
        "code": "; ".join(sorted(set(environments["commit"].str[:7]) - {""})),
        "versions": "; ".join(sorted(set(environments["versions"]))),
    }


_EFFECTS = (
    *("contrast", "title", "design", "identity", "n", "effect", "low", "high", "p_adjusted"),
    *("verdict", "reason", "margin"),
)


def _effects(rankings: Mapping[str, pd.DataFrame], objectives: Mapping[str, str]) -> pd.DataFrame:
    tables = [
        ranked.loc[ranked["n"] > 0, list(_EFFECTS)].assign(run=name, objective=objectives[name])
        for name, ranked in rankings.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    table["title"] = table["contrast"].map(contrast_titles(rankings.values()))
    common = table.groupby("contrast")["run"].transform("nunique") > 1
    table = table[common].sort_values("contrast", kind="stable").reset_index(drop=True)
    named = zip(table["objective"], table["identity"], strict=True)
    return table.assign(measure=[measure(*pair) for pair in named])


_AGREEMENT = ("a", "b", "measure_a", "measure_b", "contrasts", "tau", "p")


def _agreement(table: pd.DataFrame, a: str, b: str) -> list[tuple[Any, ...]]:
    """Whether two runs order the contrasts alike: 1 the same order, -1 the reverse.

    Orders need no common scale between the runs, but one within each.
    """
    one, two = (table[table["run"] == run] for run in (a, b))
    both = one.merge(two, on="contrast", suffixes=("_a", "_b"))
    rows = [
        (a, b, *measures, len(shared), *_kendall(shared["effect_a"], shared["effect_b"]))
        for measures, shared in both.groupby(["measure_a", "measure_b"], sort=False)
    ]
    return rows or [(a, b, "", "", 0, math.nan, math.nan)]


def _kendall(one: "pd.Series[float]", two: "pd.Series[float]") -> tuple[float, float]:
    return kendall(one.to_list(), two.to_list()) if len(one) > 1 else (math.nan, math.nan)


_CHANGED = (
    *("contrast", "title", "a", "b", "measure_a", "measure_b"),
    *("effect_a", "effect_b", "judged"),
)


def _changed(table: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Opposite signs; `judged` where both runs have a verdict, better or worse."""
    rows = []
    for contrast, group in table.groupby("contrast", sort=False):
        by_run = {row.run: row for row in each_row(group)}
        for a, b in pairs:
            if a in by_run and b in by_run and by_run[a].effect * by_run[b].effect < 0:
                one, two = by_run[a], by_run[b]
                sure = {one.verdict, two.verdict} == {BETTER, WORSE}
                measures = (one.measure, two.measure)
                named = (contrast, one.title, a, b)
                rows.append((*named, *measures, one.effect, two.effect, sure))
    return pd.DataFrame(rows, columns=list(_CHANGED))


_DRIFT = (
    *("a", "b", "cell", "title", "objective", "identity", "measure"),
    *("same", "n", "difference", "low", "high"),
)


def _drift(frames: Mapping[str, Frames], a: str, b: str) -> pd.DataFrame:
    """b - a by seed, of cells with the same knobs and metric; `same`: trials that are one.

    Of runs that judge by one objective only, since its value is what is compared.
    """
    judged = _objective(frames[a])
    if judged != _objective(frames[b]):
        return pd.DataFrame(columns=list(_DRIFT))
    values, rows = {name: _by_cell(frames[name]) for name in (a, b)}, []
    titles = cell_names(frames[a].plan)
    for knobs in [knobs for knobs in values[a] if knobs in values[b]]:
        (label, one), (_, two) = values[a][knobs], values[b][knobs]
        both = one.merge(two, left_index=True, right_index=True, suffixes=("_a", "_b"))
        both = both[both["identity_a"] == both["identity_b"]]
        for identity, pairs in both.groupby("identity_a", sort=False):
            apart = pairs[pairs["key_a"] != pairs["key_b"]]
            difference = estimate(apart["final_b"] - apart["final_a"], 0.05)
            named = (label, titles[label], judged, identity, measure(judged, str(identity)))
            effect, interval = difference.effect, (difference.low, difference.high)
            numbers = (len(pairs) - len(apart), difference.n, effect, *interval)
            rows.append((a, b, *named, *numbers))
    return pd.DataFrame(rows, columns=list(_DRIFT))


def _by_cell(frames: Frames) -> dict[tuple[str, ...], tuple[str, pd.DataFrame]]:
    """Knobs of a cell → its label and its trials that have a value, by seed."""
    known = {}
    for label, config in frames.configs.items():
        knobs = {**DEFAULTS, **config}
        name = tuple(f"{path}={knobs[path]}" for path in sorted(knobs) if path not in _ASIDE)
        valued = frames.trials[frames.trials["cell"] == label].dropna(subset=["final"])
        columns = valued.drop_duplicates("seed").set_index("seed")[["final", "identity", "key"]]
        known[name] = (label, columns)
    return known


_ASIDE = ("seed", "data.path", "evaluation.encoder")  # paths; what is there counts by content


def _ranks(table: pd.DataFrame, runs: Sequence[str]) -> pd.DataFrame:
    """Mean rank of each contrast over runs, the most helpful first; none where a run mixes scales.

    A rank is taken within a run, so runs may differ in their measure.
    """
    wide = table.pivot_table("effect", "contrast", "run", aggfunc="first", sort=False)
    wide = wide.reindex(columns=list(runs)).dropna()
    shared = table[table["contrast"].isin(wide.index)]
    if len(shared.groupby(["run", "measure"])) > len(runs):
        wide = wide.iloc[:0]
    ranks = wide.rank(axis=0).mean(axis=1) if len(wide) else pd.Series(dtype=float)
    titles = dict(zip(shared["contrast"], shared["title"], strict=True))
    named = {"contrast": ranks.index, "title": [titles[name] for name in ranks.index]}
    table = pd.DataFrame({**named, "rank": ranks.to_numpy(float)})
    return table.sort_values("rank", kind="stable").reset_index(drop=True)


def critical_difference(contrasts: int, runs: int, alpha: float) -> float:
    """How far mean ranks must lie apart to differ (Nemenyi 1963; Demšar 2006)."""
    from scipy import stats  # slow to import, and nothing else of it is needed

    q = float(stats.studentized_range.ppf(1 - alpha, contrasts, np.inf)) / math.sqrt(2)
    return q * math.sqrt(contrasts * (contrasts + 1) / (6 * runs))
