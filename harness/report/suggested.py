"""The result of a search in a sentence."""

import math
from typing import Any

import pandas as pd

from harness.analysis.edges import Edge, search_edges
from harness.analysis.search import SUGGESTED, ranked
from harness.core import format as show
from harness.plan.search import REFUSED
from harness.report.data import ReportData
from harness.runs.stages import Search
from harness.runs.status import Status

ENDS = (Status.FINISHED, Status.PRUNED, Status.DIVERGED, Status.CRASHED, REFUSED)


def best_suggestion(data: ReportData, table: pd.DataFrame) -> str:
    """Its best suggestion, and why that is too good; or why there is none.

    One that is worse than the reference is not offered.
    """
    ended = table[(table["status"] == Status.FINISHED) & table["final"].notna()]
    learnt = ranked(table)
    if learnt.empty:
        why = unranked(table)
        return f"No suggestion has finished and learnt{f' ({why})' if why else ''}: none is best."
    best = learnt.iloc[0]
    unit, scale = data.objective.unit, data.objective.scale
    places = show.decimals(ended["final"], scale)
    reference = show.kid(reference_value(data), places, scale=scale)
    beside, confirm = beside_reference(data, places, scale), ": confirm it on other seeds."
    if worse(data, best):
        beside = f", which is worse than the reference ({reference})"
        confirm = ", and still no better than the reference: no suggestion is recommended."
    return (
        f"The best of {show.count(len(ended), 'finished suggestion')} is {best['cell']}, with "
        f"{unit} of {show.kid(best['final'], places, scale=scale)}{beside}. It was selected among "
        f"them by one trial each, so it is too good by chance{confirm}"
        f"{_wider(data.plan.search, best)}{_left_out(len(ended) - len(learnt))}"
    )


def reference_value(data: ReportData) -> float:
    """The objective of the reference, as measured; NaN where it has none."""
    trials = data.frames.trials
    return float(trials.loc[trials["cell"] == data.plan.reference, "final"].mean())


def beside_reference(data: ReportData, places: int, scale: float) -> str:
    """The value of the reference in brackets, or that it has none; after a space."""
    value = reference_value(data)
    if math.isnan(value):
        return " (the reference has no value)"
    return f" (reference: {show.kid(value, places, scale=scale)})"


def worse(data: ReportData, best: "pd.Series[Any]") -> bool:
    """Whether the best suggestion is worse than the reference, so that it is no advice."""
    return bool(best["final"] > reference_value(data))


def unranked(table: pd.DataFrame) -> str:
    """The ends of the suggestions that have no place; empty where there is none."""
    lost = {
        "finished without having learnt": (table["status"] == Status.FINISHED)
        & (table["unlearnt"] != ""),
        "stopped by the pruner": table["status"] == Status.PRUNED,
        "diverged": table["status"] == Status.DIVERGED,
        "crashed": table["status"] == Status.CRASHED,
        "refused": table["status"] == REFUSED,
        "not ended": ~table["status"].isin([*ENDS]),
    }
    return ", ".join(f"{n} {word}" for word, rows in lost.items() if (n := int(rows.sum())))


def edges_of(search: Search, row: "pd.Series[Any]") -> list[Edge]:
    """The edges at which a suggestion, a row of their table, lies."""
    params = {name: row[f"{SUGGESTED}{name}"] for name in search.space}
    return search_edges(search.space, params)


def knob_value(value: Any) -> str:
    """A value of a knob: numbers that were drawn have many more digits than matter."""
    return show.digits(value) if isinstance(value, float) else str(value)


def edge_phrase(edge: Edge) -> str:
    """A value, and at which end of what was tried it lies."""
    value, low, high = map(knob_value, (edge.value, edge.low, edge.high))
    end = "upper" if edge.upper else "lower"
    return f"{edge.name} {value} is at the {end} end of {low} to {high}"


def _wider(search: Search | None, best: "pd.Series[Any]") -> str:
    names = [edge.name for edge in edges_of(search, best)] if search else []
    if not names:
        return ""
    lie = "lies" if len(names) == 1 else "lie"
    return f" Its {show.listed(names)} {lie} at an edge of what was searched: search wider."


def _left_out(count: int) -> str:
    if not count:
        return ""
    has = "has" if count == 1 else "have"
    return f" {show.count(count, 'suggestion')} {has} not learnt, and {has} no place."
