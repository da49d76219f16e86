"""The result of a search in a sentence."""

import pandas as pd

from harness.analysis.search import ranked
from harness.core import format as show
from harness.report.data import ReportData
from harness.runs.status import Status


def best_suggestion(data: ReportData, table: pd.DataFrame) -> str:
    """Its best suggestion, and why that is too good; or why there is none."""
    ended = table[(table["status"] == Status.FINISHED) & table["final"].notna()]
    if ended.empty:
        return "No suggestion has finished yet."
    learnt = ranked(table)
    if learnt.empty:
        return f"None of {show.count(len(ended), 'finished suggestion')} has learnt."
    best = learnt.iloc[0]
    reference = data.frames.trials.loc[data.frames.trials["cell"] == data.plan.reference]
    unit, scale = data.objective.unit, data.objective.scale
    places = show.decimals(ended["final"], scale)
    return (
        f"The best of {show.count(len(ended), 'finished suggestion')} is {best['cell']}, with "
        f"{unit} of {show.kid(best['final'], places, scale=scale)} (reference: "
        f"{show.kid(reference['final'].mean(), places, scale=scale)}). It was selected among them "
        "by one trial each, so it is too good by chance: confirm it on other seeds."
        f"{_left_out(len(ended) - len(learnt))}"
    )


def _left_out(count: int) -> str:
    if not count:
        return ""
    has = "has" if count == 1 else "have"
    return f" {show.count(count, 'suggestion')} {has} not learnt, and {has} no place."
