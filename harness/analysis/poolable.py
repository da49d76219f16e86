"""Whether runs, and contrasts of them, can be pooled into one estimate, and if not why."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import pandas as pd

from harness.analysis.equivalence import margin
from harness.analysis.frame import Frames, each_row
from harness.analysis.learning import of_reference
from harness.analysis.random_effects import FEWEST
from harness.analysis.verdicts import NOT_JUDGED, UNLEARNT, UNLOOKED, favoured_unlearnt
from harness.config.patch import DEFAULTS
from harness.config.study import TIME
from harness.core.format import listed, plain
from harness.plan.leave_one_out import LEFT_OUT
from harness.runs.plan import ContrastRecord
from harness.runs.status import Status

FEW = 4  # seeds of a set below which simulated 95 % intervals cover .89 to .96

STOPPED = (  # benchmarks/looks.py, `effects_where_closed`; the table of docs/statistics.md
    "contrasts stop where their data look clear, so an effect that stopped early is too large. In "
    "simulations it was so by up to 58 %, effects on average by at most 5 %, pooled over three "
    "runs by at most 4 %, and the pooled 95 % interval of a tip covered the true effect in at "
    "least 99.7 % of cases."
)

Side = Mapping[str, tuple[Any, Any]]  # knob → its value where a tip is followed, and where ignored


def name_set(frames: Frames) -> str:
    """The data set of a run and its size, as people read them."""
    knobs = frames.configs[frames.plan.reference]
    return f"{name_images(knobs)}, {knobs['data.image_size']} px"


def name_images(knobs: Mapping[str, Any]) -> str:
    """The name of a trial's data set; of a folder of images the folder's own."""
    folder = knobs.get("data.path")
    return PurePath(folder).name if folder else str(knobs["data.name"])


def _images(frames: Frames) -> tuple[object, object, object]:
    """Which images a run is of; folders differ by their content."""
    knobs = {**DEFAULTS, **frames.configs[frames.plan.reference]}
    return knobs["data.name"], knobs["data.content"], knobs["data.image_size"]


def obstacles(frames: Mapping[str, Frames]) -> list[str]:
    """Everything because of which these runs cannot be pooled at all; empty: nothing."""
    reasons = []
    if len(frames) < FEWEST:
        reasons.append(f"{len(frames)} runs are named, and it takes {FEWEST} or more")
    reasons += [
        f"{listed(names)} have the same images ({name_set(frames[names[0]])}): name one of them"
        for names in _grouped({name: _images(run) for name, run in frames.items()})
        if len(names) > 1
    ]
    reasons += _scales(frames)
    for name, run in frames.items():
        if why := _unusable(run):
            reasons.append(f"{name}: {why}")
    return reasons


def _grouped(keys: Mapping[str, object]) -> list[list[str]]:
    groups: dict[object, list[str]] = defaultdict(list)
    for name, key in keys.items():
        groups[key].append(name)
    return list(groups.values())


def _scales(frames: Mapping[str, Frames]) -> list[str]:
    """Reasons why an effect of one run is not the same quantity as that of another."""
    objectives = {name: run.plan.objective for name, run in frames.items()}
    measured = {name: _encoders(run) for name, run in frames.items()}
    reasons = [_apart("objectives", objectives)] if len(set(objectives.values())) > 1 else []
    if len(set(measured.values()) - {""}) > 1:
        reasons.append(
            f"{_apart('metrics', measured)} (set one evaluation.encoder and protocol; a classifier "
            "is another one for each data set and size)"
        )
    return reasons


def _encoders(frames: Frames) -> str:
    """Encoder and protocol; the images, their size and number may differ between sets."""
    rows = [
        f"{row.encoder} {row.encoder_digest}".strip() + f" by {row.protocol}"
        for row in each_row(frames.metrics)
    ]
    return " and ".join(sorted(set(rows)))


def _apart(what: str, values: Mapping[str, str]) -> str:
    groups = [f"{values[names[0]] or 'none'} ({listed(names)})" for names in _grouped(values)]
    return f"{what} differ: {'; '.join(groups)}"


def _unusable(frames: Frames) -> str:
    plan = frames.plan
    if plan.objective == TIME:
        return "a time to a threshold has no untrained value, so no effect is a share of what the "\
            "reference has learnt"  # fmt: skip
    if not plan.evidence:
        return "its profile declares that its numbers are no evidence"
    if why := of_reference(plan, frames.trials):
        return f"{UNLEARNT}: {why}"
    reference = frames.trials[frames.trials["cell"] == plan.reference]
    known = [margin(frames, identity) for identity in reference["identity"].dropna().unique()]
    if not any(math.isfinite(value) for value in known):
        return "how much its reference has learnt is not known: no trial of it has finished, or "\
            "none has an untrained KID"  # fmt: skip
    return ""


def obstacle(contrast: str, frames: Mapping[str, Frames], rows: Mapping[str, Any]) -> str:
    """Why a contrast cannot be pooled over the runs that have it; empty: it can.

    `rows` has, by run, its row of the ranking.
    """
    designs = {name: row.design for name, row in rows.items()}
    if len(rows) < FEWEST:
        others = _in_other_designs(contrast, {n: f for n, f in frames.items() if n not in rows})
        return _apart("designs", designs | others) if others else f"only {listed(rows)} have it"
    for name, row in rows.items():
        if row.n < 2:
            return f"{name} has n = {row.n}"
        waiting = row.reason.startswith(UNLOOKED)
        if (row.verdict == NOT_JUDGED and not waiting) or favoured_unlearnt(row):
            return f"{name} does not judge it: {row.reason}"
    if len(set(designs.values())) > 1:
        return _apart("designs", designs)
    return _sides_apart({name: _sides(frames[name], contrast) for name in rows})


def _in_other_designs(contrast: str, frames: Mapping[str, Frames]) -> dict[str, str]:
    """The runs that have a tip by a contrast of another name, with its design."""
    return {
        name: other.design
        for name, run in frames.items()
        for other in run.plan.contrasts
        if other.name.removesuffix(LEFT_OUT) == contrast.removesuffix(LEFT_OUT)
    }


def _sides(frames: Frames, contrast: str) -> Side:
    """The knobs by which the cells that a contrast follows differ from those that it ignores."""
    record: ContrastRecord = frames.plan.contrast(contrast)
    sides = [
        [{**DEFAULTS, **frames.configs[label]} for label, weight in record.weights.items()
         if (weight > 0) == followed]
        for followed in (True, False)
    ]  # fmt: skip
    apart: dict[str, tuple[Any, Any]] = {}
    for knob in sorted(set().union(*sides[0], *sides[1]) - {"seed"}):
        one, other = (_only([cell.get(knob) for cell in cells]) for cells in sides)
        if one and other and one != other:
            apart[knob] = (one[0], other[0])
    return apart


def _only(values: Sequence[Any]) -> tuple[Any] | None:
    """The one value that all of them are."""
    return (values[0],) if all(value == values[0] for value in values) else None


def _sides_apart(sides: Mapping[str, Side]) -> str:
    """How the sides of a tip differ between runs; empty: they are alike.

    Values may differ where one is the same multiple of the other, as in tips that say "more".
    """
    (first, one), *others = sides.items()
    for name, other in others:
        for knob in sorted(one.keys() | other.keys()):
            if not _alike(one.get(knob), other.get(knob)):
                return (
                    f"its sides differ: {knob} {_told(one.get(knob))} ({first}), "
                    f"{_told(other.get(knob))} ({name})"
                )
    return ""


def _alike(one: tuple[Any, Any] | None, other: tuple[Any, Any] | None) -> bool:
    if one is None or other is None or one == other:
        return one == other
    numbers = (*one, *other)
    if not all(isinstance(value, int | float) and value for value in numbers):
        return False
    return math.isclose(one[0] * other[1], one[1] * other[0], rel_tol=1e-9)


def _told(side: tuple[Any, Any] | None) -> str:
    if side is None:
        return "the same on both sides"
    shown = [plain(value) if type(value) is float else str(value) for value in side]
    return f"{shown[0]} against {shown[1]}"


def cautions(frames: Mapping[str, Frames], sets: pd.DataFrame) -> list[str]:
    """Properties of the runs that weaken a pooled estimate, a sentence each.

    `sets` are the rows that were pooled, with `run` and `n`.
    """
    sentences = []
    for name in frames:
        fewest = int(sets.loc[sets["run"] == name, "n"].min()) if name in set(sets["run"]) else 0
        if 0 < fewest < FEW:
            sentences.append(
                f"{name} has {fewest} seeds in a contrast: with fewer than {FEW} its standard "
                "error is hardly known, and intervals are too narrow"
            )
    unfinished = [
        name for name, run in frames.items()
        if (run.trials["status"] == Status.MISSING).any()
    ]  # fmt: skip
    if unfinished:
        sentences.append(f"Interim: trials of {listed(unfinished)} are missing.")
    stopped = [name for name, run in frames.items() if run.plan.looks]
    if stopped:
        runs = "is a sequential run" if len(stopped) == 1 else "are sequential runs"
        sentences.append(f"{listed(stopped)} {runs}: {STOPPED}")
    return sentences
