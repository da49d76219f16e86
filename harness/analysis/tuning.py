"""Which point of a grid is best in each cell, and what the ranking would be without it."""

import math
from dataclasses import replace

import pandas as pd

from harness.analysis.frame import Frames, load_trials
from harness.analysis.learning import failed
from harness.analysis.ranking import ranking
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
        for cell, own in tuning.points.items()
        for point, label in own.items()
    ]
    return pd.DataFrame(rows)


def _point(own: pd.DataFrame) -> dict[str, float | str]:
    without = own["final"].isna()
    lost = own["status"] == Status.DIVERGED
    values = own["final"].where(~(without & lost), math.inf)
    return {
        "trials": len(own),
        "open": int((without & ~lost).sum()),
        "diverged": int(lost.sum()),
        "crashed": int((own["status"] == Status.CRASHED).sum()),
        "missing": int((own["status"] == Status.MISSING).sum()),
        "unlearnt": failed(own),
        "mean": float(values.mean()) if len(own) and values.notna().all() else math.nan,
        "seconds": float(own["seconds"].sum() + own["evaluation_seconds"].sum()),
        "kimg": float(own["kimg"].sum()),
    }


def untuned(frames: Frames, tuning: TuningRecord) -> pd.DataFrame:
    """The ranking as it would be had no cell been tuned: the same contrasts on the same seeds."""
    both = pd.concat([frames.trials, frames.beside])
    own = [both[both["cell"] == label].assign(cell=cell) for cell, label in tuning.untuned.items()]
    trials = pd.concat(own).reset_index(drop=True)
    return ranking(replace(frames, trials=trials))
