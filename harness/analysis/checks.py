"""Caveats of a comparison: gaps, imbalance, and machines confounded with cells."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from harness.analysis.frame import Frames, each_row
from harness.analysis.symmetry import doubts
from harness.core.format import listed
from harness.plan.naming import cell_names
from harness.runs.plan import PlanRecord
from harness.runs.status import Status

_ATTRIBUTES = {
    "device": "hardware",
    "arithmetic": "arithmetic",
    "versions": "set of library versions",
    "commit": "code version",
}
_COMMIT = 12  # letters of one that are told


def run_checks(frames: Frames) -> list[str]:
    """One sentence for each thing that weakens the comparison; none: nothing found."""
    names = cell_names(frames.plan)
    trials = frames.trials.assign(cell=frames.trials["cell"].map(names))
    return [
        *_deviations(frames.plan),
        *_incomplete(trials),
        *_duplicates(trials),
        *(_unbalanced(trials) if frames.plan.stages.balanced else []),
        *_identities(frames),
        *_environments(frames.environments),
        *doubts(frames),
        *_warnings(frames.plan, names),
        *_together(_notes(frames)),
    ]


def _names(trials: pd.DataFrame, limit: int = 6) -> str:
    names = [f"{row.cell}, seed {row.seed}" for row in each_row(trials)]
    more = f"; and {len(names) - limit} more" if len(names) > limit else ""
    return "; ".join(names[:limit]) + more


def _deviations(plan: PlanRecord) -> Iterable[str]:
    """How the analysis differs from what was declared before the first trial ended."""
    for name, declared, now in plan.deviations:
        yield (
            f"Deviation: {name} was declared as {declared} before the first trial ended, and is "
            f"{now} now. Where an analysis is changed after results were visible, its p-values are "
            "too small."
        )


def _incomplete(trials: pd.DataFrame) -> Iterable[str]:
    missing = trials[trials["status"] == Status.MISSING]
    if len(missing):
        yield (
            f"Not ended: {len(missing)} of {len(trials)} trials ({_names(missing)}). Their seeds "
            "are left out of the contrasts they belong to."
        )
    crashed = trials[trials["status"] == Status.CRASHED]
    if len(crashed):
        yield (
            f"Crashed: {len(crashed)} of {len(trials)} trials ({_names(crashed)}). They count as "
            "missing, not as failures."
        )
    unscored = trials[(trials["status"] == Status.FINISHED) & trials["final"].isna()]
    late = trials[trials["censored"] > 0]
    if len(late):
        yield (
            f"Not at the threshold within the budget: {len(late)} of {len(trials)} trials "
            f"({_names(late)}). The budget stands for their time, which is longer."
        )
    if len(unscored):
        yield (
            "Finished, but without all evaluations in the metric that the study asks for, or with "
            f"one that is not finite, so without a value: {_names(unscored)}."
        )


def _duplicates(trials: pd.DataFrame) -> Iterable[str]:
    twice = trials[trials.duplicated(["cell", "seed"])]
    if len(twice):
        yield f"Planned more than once, counted once: {_names(twice)}."
    shared = trials.drop_duplicates(["cell", "key"])
    shared = shared[shared.duplicated("key", keep=False)]
    for _, group in shared.groupby("key"):
        yield f"The same training stands under several cells: {', '.join(group['cell'])}."


def _unbalanced(trials: pd.DataFrame) -> Iterable[str]:
    seeds = trials.groupby("cell")["seed"].nunique()
    if len(set(seeds)) > 1:
        yield f"Cells were planned with different numbers of seeds: {_fewer(seeds)}."
    valued = trials.assign(valued=trials["final"].notna()).groupby("cell")["valued"].sum()
    if len(set(valued)) > 1:
        yield f"Cells have values for different numbers of seeds: {_fewer(valued)}."


def _fewer(counts: "pd.Series[int]") -> str:
    """How many the cells have that have fewer than others, and how many the others have."""
    fewer = counts[counts < counts.max()].sort_values(kind="stable")
    parts = [f"{n} of {listed(cells.index)}" for n, cells in fewer.groupby(fewer)]
    return "; ".join([*parts, f"{counts.max()} of the others"])


def _identities(frames: Frames) -> Iterable[str]:
    identities = frames.trials["identity"].dropna().unique()
    if len(identities) > 1:
        yield (
            f"Trials were scored in {len(identities)} ways ({'; '.join(identities)}); values of "
            "different metric identity stand in separate tables and are never compared."
        )


def _environments(environments: pd.DataFrame) -> Iterable[str]:
    last = environments.groupby(["cell", "seed"]).tail(1)
    for name, words in _ATTRIBUTES.items():
        values = {frozenset(column) for _, column in last.groupby("cell")[name]}
        distinct = sorted(set(last[name]))
        if len(distinct) <= 1:
            continue
        listed = "; ".join(value[:_COMMIT] if name == "commit" else value for value in distinct)
        if len(values) > 1:
            yield f"The {words} is confounded with the cells: not the same in all ({listed})."
        else:
            yield f"The {words} differs between trials, in every cell alike ({listed})."
    changed = environments.groupby(["cell", "seed"])[["arithmetic", "device"]].nunique()
    count = int((changed > 1).any(axis=1).sum())
    if count:
        yield (
            f"Continued under another arithmetic or device than begun with: {count} of "
            f"{len(changed)} trials. They are not bit-identical to an uninterrupted training."
        )
    if last["dirty"].astype(bool).any():
        yield "Some trials were trained from a working copy with uncommitted changes."


def images(frames: Frames) -> list[str]:
    """Images of the cells that were left out, and irregularities of the others."""
    return [f"Images: {note}." for note in _notes(frames)]


def _notes(frames: Frames) -> list[str]:
    return list(dict.fromkeys(note for facts in frames.images.values() for note in facts["notes"]))


def _together(notes: Sequence[str]) -> Iterable[str]:
    """Notes on images in one line: each weakens less than what stands before it."""
    if notes:
        yield f"Images: {'; '.join(notes)}."


def _warnings(plan: PlanRecord, names: Mapping[str, str]) -> Iterable[str]:
    for cell in plan.cells:
        for warning in cell.warnings:
            yield f"{names[cell.label]}: {warning}."
