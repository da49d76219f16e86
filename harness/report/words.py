"""The verdict in a sentence."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from harness.analysis import convergence
from harness.analysis.effects import BETTER, EQUIVALENT, INCONCLUSIVE, WORSE
from harness.analysis.frame import MISSING
from harness.records import FINISHED
from harness.report import format as show
from harness.report.data import ReportData

NAMES = {"KID × 10³": "KID"}  # in a sentence that gives no number
NO_EVIDENCE = "This profile shows the path; its numbers are no evidence."


def interim(data: ReportData) -> str:
    """Says that this is an interim look, and at how much; empty when every trial has ended."""
    if said := tuning(data):
        return said
    total, waiting = len(data.frames.trials), data.count(MISSING)
    if not waiting:
        return ""
    return f"Interim look: {total - waiting} of {total} trials have ended"


def tuning(data: ReportData) -> str:
    """Says how far the tuning is; empty where there is none, or when its values are chosen."""
    if data.points is None or data.plan["tuning"]["chosen"]:
        return ""
    total, waiting = int(data.points["trials"].sum()), int(data.points["open"].sum())
    return (
        f"Tuning is not finished ({total - waiting} of {total} trials), so no cell is tuned yet, "
        "and what is ranked here is the cells as they are written"
    )


def verdict(data: ReportData) -> str:
    """What the study says, or why it says nothing."""
    if not data.plan["evidence"]:
        return data.plan["note"] or NO_EVIDENCE
    look, sentence = interim(data), _verdict(data)
    said = [f"{look}." if look else "", sentence, speed(data) if data.count(FINISHED) else ""]
    return " ".join(filter(None, said))


def speed(data: ReportData) -> str:
    """Says that the ranking is one of speed, where the reference still learns; else empty."""
    found = data.falling
    if found is None:
        return ""
    places = show.decimals([found.fall])
    return (
        f"The reference has not converged: its KID × 10³ still falls by "
        f"{show.kid(found.fall, places)} between {found.start:.4g} and {found.end:.4g} kimg, more "
        f"than the margin of equivalence ({show.kid(found.margin, places)}), so this compares how "
        "fast the cells learn, not what they come to."
    )


def window(data: ReportData, identity: str | None) -> str:
    """Which evaluations the reference's number is the mean of; empty of other objectives."""
    own = convergence.window(data.frames, data.plan["reference"], identity)
    if own is None:
        return ""
    if own.first == own.last:
        return f"at evaluation {own.last} of {own.last} ({own.end:.4g} kimg)"
    return (
        f"mean of evaluations {own.first} to {own.last} of {own.last} "
        f"({own.start:.4g} to {own.end:.4g} kimg)"
    )


def _verdict(data: ReportData) -> str:
    if not data.count(FINISHED):
        return _nothing(data)
    if data.suggestions is not None:
        return _search(data, data.suggestions)
    rows = data.ranking[data.ranking["n"] > 0].to_dict("records")
    if not rows:
        return "No seed has both sides of a contrast yet, so there is nothing to rank."
    if len(rows) == 1:
        return f"{rows[0]['title']}: {_single(rows[0], data)}"
    return _several(rows, NAMES.get(data.objective.unit, data.objective.what))


def _nothing(data: ReportData) -> str:
    why = f" ({data.outcomes.others})" if data.outcomes.failures else ""
    return f"No trial has finished{why}, so there is nothing to rank."


def _search(data: ReportData, table: pd.DataFrame) -> str:
    ended = table[(table["status"] == FINISHED) & table["final"].notna()]
    if ended.empty:
        return "No suggestion has finished yet."
    best = ended.sort_values("final", kind="stable").iloc[0]
    reference = data.frames.trials.loc[data.frames.trials["cell"] == data.plan["reference"]]
    unit, scale = data.objective.unit, data.objective.scale
    places = show.decimals(ended["final"], scale)
    return (
        f"The best of {show.count(len(ended), 'finished suggestion')} is {best['cell']}, with "
        f"{unit} of {show.kid(best['final'], places, scale=scale)} (reference: "
        f"{show.kid(reference['final'].mean(), places, scale=scale)}). It was selected among them "
        "by one trial each, so it is too good by chance: confirm it on other seeds."
    )


def _single(row: Mapping[Hashable, Any], data: ReportData) -> str:
    unit, scale = data.objective.unit, data.objective.scale
    places = show.decimals([row["effect"]], scale)
    level = show.percent(1 - float(data.plan["alpha"]))
    span = show.interval(row["low"], row["high"], places, scale)
    sure = f"{level} interval {span}, n = {row['n']}" if row["n"] > 1 else "n = 1"
    why = f" ({row['reason']})" if row["reason"] and row["n"] > 1 else ""
    if row["verdict"] in (INCONCLUSIVE, EQUIVALENT):
        mean = show.kid(row["effect"], places, True, scale)
        return f"{row['verdict']}; the mean difference of {unit} is {mean} ({sure}){why}."
    way = "lowers" if row["verdict"] == BETTER else "raises"
    size = show.kid(abs(row["effect"]), places, scale=scale)
    return f"{row['verdict']}; following it {way} {unit} by {size} ({sure}){why}."


def _several(rows: list[dict[Hashable, Any]], unit: str) -> str:
    named = {
        word: [f"“{row['title']}”" for row in rows if row["verdict"] == word]
        for word in (BETTER, WORSE, EQUIVALENT, INCONCLUSIVE)
    }
    effects = ((BETTER, "lower"), (WORSE, "raise"))
    parts = [f"{show.listed(named[w])} {_verb(named[w], verb)}" for w, verb in effects if named[w]]
    same = named[EQUIVALENT]
    if not parts and not same:
        return f"None of the {len(rows)} contrasts can be told from zero; that is not “no effect”."
    said = [f"{part} {unit if not number else 'it'}" for number, part in enumerate(parts)]
    if same:
        said.append(f"{show.listed(same)} {'makes' if len(same) == 1 else 'make'} no difference "
                    "that matters")  # fmt: skip
    undecided = len(named[INCONCLUSIVE])
    if not undecided:
        return f"{'; '.join(said)}."
    rest = "The other is" if undecided == 1 else f"The other {undecided} are"
    return f"{'; '.join(said)}. {rest} inconclusive."


def _verb(subjects: list[str], verb: str) -> str:
    return f"{verb}s" if len(subjects) == 1 else verb
