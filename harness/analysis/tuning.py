"""Which point of a grid is best in each cell, and what the ranking would be without it."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from harness.analysis.edges import Edge, tried_edge
from harness.analysis.frame import Frames, load_trials
from harness.analysis.learning import failed
from harness.analysis.ranking import rank_contrasts
from harness.config.runtime import Runtime
from harness.runs.plan import PlanRecord
from harness.runs.stages import TuningRecord
from harness.runs.status import Status


def choose(plan: PlanRecord, runtime: Runtime) -> dict[str, str]:
    """Cell → its chosen point, by the record alone; empty until every trial that tunes has a value.

    The lowest mean of the objective over the tuning seeds; of equals the first. A diverged trial
    has its failure value, and where it has none, its point is worse than all that have one. One
    whose trials have not learnt is chosen only where none has.
    """
    if plan.tuning is None:
        return {}
    table = points(plan.tuning, load_trials(plan, runtime))
    if table["open"].any():
        return {}
    order = table.assign(nothing=table["unlearnt"] != "").fillna({"mean": math.inf})
    order = order.sort_values(["nothing", "mean"], kind="stable")
    best = order.groupby("cell", sort=False)["point"].first().to_dict()
    return {str(cell): str(best[cell]) for cell in dict.fromkeys(table["cell"])}


def points(tuning: TuningRecord, trials: pd.DataFrame) -> pd.DataFrame:
    """One row a cell and point: mean objective, chosen or not, and what its trials cost.

    `open`: trials without a value that may still get one. A cell with one point has no trials.
    `unlearnt`: why its trials have not learnt; empty: they have.
    """
    groups = dict(tuple(trials.groupby("cell")))
    rows = [
        {
            "cell": cell,
            "point": point,
            "chosen": tuning.chosen.get(cell) == point,
            **_point(groups.get(label, trials.iloc[:0])),
        }
        for cell, labels in tuning.points.items()
        for point, label in labels.items()
    ]
    return pd.DataFrame(rows)


def _point(trials: pd.DataFrame) -> dict[str, float | str]:
    without = trials["final"].isna()
    lost = trials["status"] == Status.DIVERGED
    values = trials["final"].where(~(without & lost), math.inf)
    return {
        "trials": len(trials),
        "open": int((without & ~lost).sum()),
        "diverged": int(lost.sum()),
        "crashed": int((trials["status"] == Status.CRASHED).sum()),
        "missing": int((trials["status"] == Status.MISSING).sum()),
        "unlearnt": failed(trials),
        "mean": float(values.mean()) if len(trials) and values.notna().all() else math.nan,
        "seconds": float(trials["seconds"].sum() + trials["evaluation_seconds"].sum()),
        "kimg": float(trials["kimg"].sum()),
    }


def untuned(frames: Frames, tuning: TuningRecord) -> pd.DataFrame:
    """The ranking as it would be had no cell been tuned: the same contrasts on the same seeds."""
    both = pd.concat([frames.trials, frames.beside])
    renamed = [
        both[both["cell"] == label].assign(cell=cell) for cell, label in tuning.untuned.items()
    ]
    trials = pd.concat(renamed).reset_index(drop=True)
    return rank_contrasts(replace(frames, trials=trials))


def at_edges(
    tuning: TuningRecord, knobs: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, Edge]]:
    """Cell and knob for which the smallest or largest value of the grid was chosen.

    `knobs`: of each cell that is a point, by its label.
    """
    edges = []
    for cell, labels in tuning.points.items():
        chosen = knobs[labels[tuning.chosen[cell]]]
        for name, value in chosen.items():
            tried = [knobs[label].get(name) for label in labels.values()]
            if edge := tried_edge(name, tried, value):
                edges.append((cell, edge))
    return edges
