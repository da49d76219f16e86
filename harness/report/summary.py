"""The ranking for a terminal."""

from pathlib import Path
from typing import NamedTuple

from harness.analysis.effects import NOT_JUDGED
from harness.analysis.frame import each_row, load
from harness.config.runtime import Runtime
from harness.report import format as show
from harness.report import words
from harness.report.data import ReportData, analyse

COLUMNS = ("#", "Tip", "Effect on KID × 10³", "Interval", "n", "p (Holm)", "Verdict")
SUFFIX = " (leave one out)"


class Summary(NamedTuple):
    """What a study says, as rows of text, and where its report is."""

    verdict: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    path: Path


def summary(run_name: str, runtime: Runtime) -> Summary:
    """The verdict and the ranking of a run, from the record."""
    data = analyse(load(run_name, runtime))
    path = runtime.reports / run_name / "index.html"
    return Summary(words.verdict(data), COLUMNS, ranking_table(data), path)


def ranking_table(data: ReportData) -> list[tuple[str, ...]]:
    """One row a contrast, the most helpful first, as text."""
    places = show.decimals(data.ranking["effect"])
    return [
        (
            str(place) if row.n else show.NONE,
            titled(row.title, row.design),
            show.kid(row.effect, places, signed=True),
            show.interval(row.low, row.high, places),
            f"{row.n} of {row.planned}",
            show.p_value(row.p_adjusted),
            judged(row.verdict, row.reason),
        )
        for place, row in enumerate(each_row(data.ranking), 1)
    ]


def titled(title: str, design: str) -> str:
    """A contrast's title, with its design where it is not one change from the baseline."""
    return f"{title}{SUFFIX}" if design == "leave_one_out" and not title.endswith(SUFFIX) else title


def judged(verdict: str, reason: str) -> str:
    """A verdict with the reason that there is no other."""
    if verdict == NOT_JUDGED:
        return show.NONE
    return f"{verdict} ({reason})" if reason else verdict
