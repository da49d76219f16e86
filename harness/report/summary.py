"""The ranking for a terminal: one line a tip."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from harness.analysis import checks
from harness.analysis.frame import load
from harness.analysis.ranked import RankedRow
from harness.analysis.verdicts import NOT_JUDGED
from harness.config.runtime import Runtime
from harness.core import format as show
from harness.plan.leave_one_out import LEFT_OUT
from harness.report import words
from harness.report.data import ReportData, analyse
from harness.report.sections.failures import flagged

DESIGNS = {
    "one_at_a_time": "One change from the baseline",
    "leave_one_out": "Leave one out",
    "path": "Each change added to those before it",
    "factorial": "Mean over all combinations",
    "fractional": "Mean over a fraction of all combinations",
}


class Ranked(NamedTuple):
    """The tips of one design, the most helpful first."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Summary(NamedTuple):
    """The results of a study as text, and where its report is."""

    tables: list[Ranked]
    notes: list[str]  # why a verdict is none, where the numbers do not say it; images left out
    outcome: str  # how the trials ended, and what their flags mean
    verdict: str
    path: Path
    ranking: pd.DataFrame  # with all digits
    first: str = ""  # what is to be known before any number

    def to_json(self) -> dict[str, Any]:
        """The results as plain data, the ranking with all digits; unknown values are NaN."""
        return {
            "verdict": self.verdict,
            "outcome": self.outcome,
            "warning": self.first,
            "notes": self.notes,
            "ranking": self.ranking.to_dict("records"),
            "report": str(self.path),
        }


def summarise_run(run_name: str, runtime: Runtime) -> Summary:
    """The verdict and the ranking of a run, from the record."""
    return summarise(analyse(load(run_name, runtime)), runtime)


def summarise(data: ReportData, runtime: Runtime) -> Summary:
    """The verdict and the ranking of an analysis."""
    first = words.unlearnt(data)
    told = {row.contrast: row.reason for row in data.ranked if row.reason and _tells(row)}
    alike = len(told) > 1 and len(set(told.values())) == 1 and len(told) == len(data.ranked)
    reasons = (
        [*set(told.values())]
        if alike
        else [
            f"{row.names[1]}: {told[row.contrast]}" for row in data.ranked if row.contrast in told
        ]
    )
    risk = words.looking(data)
    return Summary(
        tables=list(_tables(data)),
        notes=[*([] if first else reasons), *checks.images(data.frames), *([risk] if risk else [])],
        outcome=" ".join(filter(None, [f"{data.outcomes.sentence}.", flagged(data)])),
        verdict=words.verdict(data),
        path=runtime.reports / data.plan.run_name / "index.html",
        ranking=data.ranking,
        first=first,
    )


def _tells(row: RankedRow) -> bool:
    """Whether a reason says more than that there are fewer than two seeds."""
    return row.n > 1 or row.verdict == NOT_JUDGED


def _tables(data: ReportData) -> Iterator[Ranked]:
    level = show.percent(1 - data.plan.alpha)
    columns = ("Tip", f"Effect [{level} interval]", "n", "Verdict")
    spans = f"; {intervals}" if (intervals := words.intervals(data)) else ""
    for design in dict.fromkeys(row.design for row in data.ranked):
        title = DESIGNS.get(design, design.replace("_", " "))
        rows = [
            (_name(row), row.estimate_text, row.n_text, row.verdict_text)
            for row in data.ranked
            if row.design == design
        ]
        unit = data.objective.unit
        yield Ranked(f"{title}: effect on {unit}, negative helps{spans}", columns, rows)


def _name(row: RankedRow) -> str:
    """A tip's title or a level's label; the table says which design it is of."""
    return row.title.removesuffix(LEFT_OUT)
