"""The tables of a study: the ranking, the claims it bears on, the cells, and what they cost."""

import math
from typing import Any

import pandas as pd

from harness.analysis.effects import BETTER, INCONCLUSIVE, WORSE, differences, effects, estimate
from harness.analysis.frame import BESIDE, STATUSES, Frames, each_row
from harness.records import FINISHED

SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
NOT_TESTED, NOT_JUDGED = "not tested", "not judged"

_JUDGEMENTS = {
    ("helps", BETTER): SUPPORTED,
    ("helps", WORSE): CONTRADICTED,
    ("hurts", BETTER): CONTRADICTED,
    ("hurts", WORSE): SUPPORTED,
    ("no_effect", BETTER): CONTRADICTED,
    ("no_effect", WORSE): CONTRADICTED,
}


def ranking(frames: Frames) -> pd.DataFrame:
    """The contrasts by effect, the most helpful first; those without a value last."""
    table = effects(frames)
    return table.sort_values("effect", kind="stable", na_position="last").reset_index(drop=True)


def judge(claim: str, condition: str, verdict: str, n: int) -> str:
    """What a verdict says of a source's claim about a tip."""
    # whether a study meets a condition is not known here, and "supported" would say that it does
    if claim == "depends" or condition:
        return NOT_JUDGED
    if n == 0 or verdict not in (BETTER, WORSE, INCONCLUSIVE):
        return NOT_TESTED
    return _JUDGEMENTS.get((claim, verdict), UNDECIDED)


def claims(frames: Frames, table: pd.DataFrame) -> pd.DataFrame:
    """One row a claim of a ranked contrast, in the order of the ranking."""
    said = {contrast["name"]: contrast.get("claims", []) for contrast in frames.plan["contrasts"]}
    rows = [
        {
            "contrast": row.contrast,
            "title": row.title,
            "design": row.design,
            **{name: claim.get(name, "") for name in ("source", "effect", "condition", "quote")},
            "verdict": row.verdict,
            "judgement": judge(claim["effect"], claim["condition"], str(row.verdict), int(row.n)),
        }
        for row in each_row(table)
        for claim in said[row.contrast]
    ]
    columns = ["contrast", "title", "design", "source", "effect", "condition", "quote"]
    return pd.DataFrame(rows, columns=[*columns, "verdict", "judgement"])


_BESIDE = ("member_kid", *BESIDE)


def cells(frames: Frames) -> pd.DataFrame:
    """One row a cell and metric identity, in the order of the plan, against the reference."""
    rows = [
        {"cell": cell["label"], "identity": identity, **_cell(frames, cell["label"], identity)}
        for cell in frames.plan["cells"]
        for identity in _identities(frames.trials, cell["label"])
    ]
    counts = ("planned", *STATUSES)
    numbers = ("n", "mean", "sd", "best", *_BESIDE, "pairs", "difference", "low", "high")
    return pd.DataFrame(rows, columns=["cell", "identity", *counts, *numbers])


def _identities(trials: pd.DataFrame, cell: str) -> list[str | None]:
    own = trials.loc[trials["cell"] == cell, "identity"].dropna()
    return list(dict.fromkeys(own)) or [None]


def _cell(frames: Frames, label: str, identity: str | None) -> dict[str, Any]:
    trials, reference = frames.trials, frames.plan["reference"]
    own = trials[trials["cell"] == label]
    scored = own[own["identity"] == identity].dropna(subset=["final"])
    status = own["status"].value_counts()
    row = {
        "planned": len(own),
        **{name: int(status.get(name, 0)) for name in STATUSES},
        "n": len(scored),
        "mean": scored["final"].mean() if len(scored) else math.nan,
        "sd": scored["final"].std() if len(scored) > 1 else math.nan,
        "best": scored["best"].mean() if len(scored) else math.nan,
        **{name: scored[name].mean() if len(scored) else math.nan for name in _BESIDE},
        "pairs": 0,
    }
    if label == reference:
        return row
    same = trials[trials["identity"] == identity]
    paired = differences(same, {label: 1.0, reference: -1.0})["difference"]
    against = estimate(paired, float(frames.plan["alpha"]))
    return row | {
        "pairs": against.n,
        "difference": against.effect,
        "low": against.low,
        "high": against.high,
    }


_COSTS = ("kimg", "generator_updates", "seconds", "evaluation_seconds", "images_per_second")


def costs(frames: Frames) -> pd.DataFrame:
    """Mean cost of a cell's finished trials, and time and updates relative to the reference."""
    ended = frames.trials[frames.trials["status"] == FINISHED]
    sizes = ("generator_parameters", "discriminator_parameters")
    table = ended.groupby("cell")[[*_COSTS, *sizes]].mean()
    table.insert(0, "trials", ended.groupby("cell").size())
    table = table.reindex([cell["label"] for cell in frames.plan["cells"]])
    table["trials"] = table["trials"].fillna(0).astype(int)
    reference = table.loc[frames.plan["reference"]]
    for name in ("generator_updates", "seconds"):
        table[f"relative_{name}"] = table[name] / reference[name]
    return table.rename_axis("cell").reset_index()
