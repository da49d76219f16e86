"""The tables of a study: the ranking, the claims it bears on, the cells, and what they cost."""

import math
from typing import Any

import numpy as np
import pandas as pd

from harness.analysis.effects import (
    MAX_T,
    differences,
    estimate,
    estimate_effects,
    matrix,
    primary,
)
from harness.analysis.frame import BESIDE, Frames, Scores, each_row
from harness.analysis.learning import of_reference
from harness.analysis.ranks import rank_intervals
from harness.analysis.verdicts import favoured_unlearnt
from harness.plan.reach import EXACT
from harness.runs.status import Status


def rank_contrasts(frames: Scores) -> pd.DataFrame:
    """The contrasts by effect, the most helpful first; those without a value last.

    `place` counts those of a metric identity and design; one that would hold it by a side that has
    learnt nothing has none and comes after them, and where that is the reference, none has.
    `rank_low` and `rank_high` are the places that a contrast may hold among the same.
    """
    table = estimate_effects(frames)
    table[["rank_low", "rank_high"]] = math.nan
    exact = primary(len(frames.plan.seeds)) == MAX_T
    nothing = bool(of_reference(frames.plan, frames.trials))
    unplaced = [nothing or favoured_unlearnt(row) for row in each_row(table)]
    out = table["effect"].isna() | np.array(unplaced, bool)
    if frames.plan.evidence:
        D = matrix(frames, finished=False)
        enough = table[(table["n"] >= (EXACT if exact else 2)) & ~out]
        for _, group in enough.groupby(["identity", "design"]):
            places = rank_intervals(D[:, group.index], frames.plan.alpha, exact)
            table.loc[group.index, ["rank_low", "rank_high"]] = np.array(places, float).T
    table = table.assign(out=out).sort_values(["out", "effect"], kind="stable")
    placed = table[~table.pop("out")]
    table["place"] = placed.groupby(["identity", "design"]).cumcount() + 1
    return table.reset_index(drop=True)


_BESIDE = ("member_kid", *BESIDE)
_STATUSES = (
    Status.FINISHED,
    Status.DIVERGED,
    Status.CRASHED,
    Status.PRUNED,
    Status.MISSING,
)


def cells(frames: Frames) -> pd.DataFrame:
    """One row a cell and metric identity, in the order of the plan, against the reference."""
    rows = [
        {"cell": cell.label, "identity": identity, **_cell(frames, cell.label, identity)}
        for cell in frames.plan.cells
        for identity in _identities(frames.trials, cell.label)
    ]
    counts = ("planned", *map(str, _STATUSES))
    numbers = (
        "n",
        "mean",
        "sd",
        "censored",
        "best",
        *_BESIDE,
        "pairs",
        "difference",
        "low",
        "high",
    )
    return pd.DataFrame(rows, columns=["cell", "identity", *counts, *numbers])


def _identities(trials: pd.DataFrame, cell: str) -> list[str | None]:
    identities = trials.loc[trials["cell"] == cell, "identity"].dropna()
    return list(dict.fromkeys(identities)) or [None]


def _cell(frames: Frames, label: str, identity: str | None) -> dict[str, Any]:
    trials, reference = frames.trials, frames.plan.reference
    of_cell = trials[trials["cell"] == label]
    scored = of_cell[of_cell["identity"] == identity].dropna(subset=["final"])
    status = of_cell["status"].value_counts()
    row = {
        "planned": len(of_cell),
        **{str(name): int(status.get(name, 0)) for name in _STATUSES},
        "n": len(scored),
        "mean": scored["final"].mean() if len(scored) else math.nan,
        "sd": scored["final"].std() if len(scored) > 1 else math.nan,
        "censored": int(scored["censored"].sum()),
        "best": scored["best"].mean() if len(scored) else math.nan,
        **{name: scored[name].mean() if len(scored) else math.nan for name in _BESIDE},
        "pairs": 0,
    }
    if label == reference:
        return row
    same = trials[trials["identity"] == identity]
    paired = differences(same, {label: 1.0, reference: -1.0})["difference"]
    against = estimate(paired, frames.plan.alpha)
    return row | {
        "pairs": against.n,
        "difference": against.effect,
        "low": against.low,
        "high": against.high,
    }


_COSTS = ("kimg", "generator_updates", "seconds", "evaluation_seconds", "images_per_second")


def costs(frames: Frames) -> pd.DataFrame:
    """Mean cost of a cell's finished trials, and time and updates relative to the reference."""
    ended = frames.trials[frames.trials["status"] == Status.FINISHED]
    sizes = ("generator_parameters", "discriminator_parameters")
    table = ended.groupby("cell")[[*_COSTS, *sizes]].mean()
    table.insert(0, "trials", ended.groupby("cell").size())
    table = table.reindex([cell.label for cell in frames.plan.cells])
    table["trials"] = table["trials"].fillna(0).astype(int)
    reference = table.loc[frames.plan.reference]
    for name in ("generator_updates", "seconds"):
        table[f"relative_{name}"] = table[name] / reference[name]
    return table.rename_axis("cell").reset_index()
