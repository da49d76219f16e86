"""Looks at a sequential run: what one sees and decides, and what is known of all that were taken.

A look is frozen in the record: the differences of its seeds, the margin and the decisions. What
happens to a trial later (a repaired crash, another score) changes none of it. A seed that had no
value at a look may have one at the next.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from harness.analysis import learning
from harness.analysis.effects import differences, margin
from harness.analysis.equivalence import resolution
from harness.analysis.frame import Scores, load_scores
from harness.analysis.max_t import Array
from harness.analysis.sequential import Decision, State, decide
from harness.analysis.verdicts import FOLLOWS, IGNORES, UNLEARNT
from harness.config.runtime import Runtime
from harness.core.files import finite
from harness.plan.sequential import design
from harness.runs.plan import ContrastRecord, PlanRecord
from harness.runs.stages import LookRecord, LooksRecord, SeenRecord


@dataclass(frozen=True)
class _View:
    """One contrast at the look to take."""

    table: pd.DataFrame  # columns of `differences`, indexed by seed
    identity: str | None
    margin: float  # NaN: none
    reason: str  # why it cannot be judged; empty: it can


def take_look(plan: PlanRecord, runtime: Runtime) -> LookRecord:
    """The next look of a run whose due trials have ended; its `plan.json` holds this plan."""
    if plan.looks is None:
        raise TypeError(f"{plan.run_name} is not sequential")
    return look_at(load_scores(plan.run_name, runtime), plan.looks)


def look_at(frames: Scores, looks: LooksRecord) -> LookRecord:
    """The next look, by the trials of its first seeds.

    Where the reference has no value or has not learnt, nothing will be judged, so it closes
    everything: more seeds would be wasted. So is a contrast closed of which no seed has both sides,
    or neither side has learnt.
    """
    seeds = looks.seeds[: looks.planned[len(looks.taken)]]
    trials = frames.trials[frames.trials["seed"].isin(seeds)]
    frames = replace(frames, trials=trials)
    reference = _nothing(frames, looks)
    views = {
        contrast.name: _view(frames, contrast, looks.last.get(contrast.name), reference)
        for contrast in frames.plan.contrasts
        if contrast.name in looks.open
    }
    columns = {name: view.table["difference"].reindex(list(seeds)) for name, view in views.items()}
    columns = {name: _frozen(looks, name, column) for name, column in columns.items()}
    for name, column in columns.items():
        if column.isna().all() and not views[name].reason:
            reason = _unpaired(trials, frames.plan.contrast(name))
            views[name] = replace(views[name], reason=reason)
    decisions = _decide(looks, views, columns)
    return LookRecord(
        seeds=seeds,
        contrasts={
            name: _seen(views[name], columns[name], decision, list(seeds))
            for name, decision in decisions.items()
        },
    )


def _nothing(frames: Scores, looks: LooksRecord) -> str:
    """Why nothing can be judged, as the reference has no value or has not learnt; empty: it can."""
    plan, trials = frames.plan, frames.trials
    lost = learning.valueless(trials[trials["cell"] == plan.reference])
    if lost and not looks.taken:  # values that an earlier look saw are in its record
        return f"the reference has no value ({lost})"
    unlearnt = learning.of_reference(plan, trials)
    return f"{UNLEARNT}: {unlearnt}" if unlearnt else ""


def _unpaired(trials: pd.DataFrame, contrast: ContrastRecord) -> str:
    """Why no seed has a value of both sides."""
    signs = trials["cell"].map(contrast.weights)
    sides = {FOLLOWS: trials[signs > 0], IGNORES: trials[signs < 0]}
    lost = [f"{side} has no value ({why})" for side, rows in sides.items()
            if (why := learning.valueless(rows))]  # fmt: skip
    return " and ".join(lost) or "no seed has a value of both sides by one metric"


def _view(
    frames: Scores, contrast: ContrastRecord, before: SeenRecord | None, reference: str
) -> _View:
    trials = frames.trials
    if before is not None and before.identity is not None:  # values of another never meet these
        trials = trials[trials["identity"].isna() | (trials["identity"] == before.identity)]
    table = differences(trials, contrast.weights)
    identity = table["identity"].iloc[0] if len(table) else None
    half = margin(frames, identity) - resolution(frames)
    if before is not None:
        half = _number(before.margin)
    if table["censored"].any():  # that both sides took equally long is not known
        half = np.nan
    reason = reference
    followed, ignored = learning.sides(trials, contrast.weights)
    if not reason and followed and ignored:
        reason = f"neither side has learnt ({' and '.join(dict.fromkeys((followed, ignored)))})"
    return _View(table.set_index("seed"), identity, half, reason)


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _frozen(looks: LooksRecord, name: str, column: "pd.Series[float]") -> "pd.Series[float]":
    """Differences by seed, where earlier looks saw a value that one."""
    seen = looks.last.get(name)
    if seen is None:
        return column
    known = pd.Series(list(map(_number, seen.differences)), looks.taken[-1].seeds, float)
    return known.reindex(column.index).fillna(column)


def _decide(
    looks: LooksRecord, views: Mapping[str, _View], columns: Mapping[str, "pd.Series[float]"]
) -> dict[str, Decision]:
    """The decision of each open contrast."""
    names = looks.contrasts
    now = np.column_stack([
        columns[name] if name in columns else np.full(len(next(iter(columns.values()))), np.nan)
        for name in names
    ])  # fmt: skip
    halves = np.array([views[name].margin if name in views else np.nan for name in names], float)
    earlier = decisions_by_look(looks)
    made = decide(design(looks), [*_seen_before(looks), now], halves, earlier)
    return {
        name: replace(one, state=State.FUTILE) if views[name].reason else one
        for name, one in zip(names, made, strict=True)
        if name in views
    }


def _seen_before(looks: LooksRecord) -> list[Array]:
    """Differences of earlier looks: (seeds, contrasts) each, NaN of what was closed before."""
    arrays = []
    for look in looks.taken:
        none = [None] * len(look.seeds)
        seen = look.contrasts
        lists = [seen[name].differences if name in seen else none for name in looks.contrasts]
        arrays.append(np.column_stack([np.array(values, float) for values in lists]))
    return arrays


def decisions_by_look(looks: LooksRecord) -> list[tuple[Decision, ...]]:
    """The decision of every contrast at every look; that which closed it where it was closed."""
    known: dict[str, Decision] = {}
    rows = []
    for look in looks.taken:
        known |= {name: decision_of(seen) for name, seen in look.contrasts.items()}
        rows.append(tuple(known[name] for name in looks.contrasts))
    return rows


def decision_of(seen: SeenRecord) -> Decision:
    """The decision in a record."""
    fields: dict[str, Any] = {**seen.decision, "state": State(seen.state)}
    return Decision(**fields)


def _seen(
    view: _View, column: "pd.Series[float]", decision: Decision, seeds: list[int]
) -> SeenRecord:
    failed = ~view.table["finished"].reindex(seeds).fillna(True).astype(bool)
    return SeenRecord(
        differences=tuple(finite([float(value) for value in column])),
        failed=tuple(map(bool, failed)),
        identity=view.identity,
        margin=finite(float(view.margin)),
        decision=finite({**asdict(decision), "state": decision.state.value}),
        **({"reason": view.reason} if view.reason else {}),
    )
