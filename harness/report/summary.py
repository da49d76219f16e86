"""The ranking for a terminal: one line a tip, within 80 columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.analysis import checks
from harness.analysis.effects import NOT_JUDGED
from harness.analysis.frame import each_row, load
from harness.config.runtime import Runtime
from harness.core import format as show
from harness.report import words
from harness.report.data import ReportData, analyse

SUFFIX = " (leave one out)"
LONGEST = 34  # letters of a name; of a longer one, the end tells more
DESIGNS = {
    "one_at_a_time": "One change from the baseline",
    "leave_one_out": "Leave one out",
    "factorial": "Mean over all combinations",
    "fractional": "Mean over a fraction of all combinations",
}


class Ranked(NamedTuple):
    """The tips of one design, the most helpful first."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Summary(NamedTuple):
    """What a study says, as text, and where its report is."""

    tables: list[Ranked]
    notes: list[str]  # why a verdict is none, where the numbers do not say it; images left out
    outcome: str  # how the trials ended
    verdict: str
    path: Path
    first: str = ""  # what is to be known before any number


def summary(run_name: str, runtime: Runtime) -> Summary:
    """The verdict and the ranking of a run, from the record."""
    data = analyse(load(run_name, runtime))
    rows = list(each_row(data.ranking))
    first = words.unlearnt(data)
    reasons = [f"{_name(row)}: {row.reason}" for row in rows if row.reason and row.n > 1]
    notes = [*([] if first else reasons), *checks.images(data.frames)]
    path = runtime.reports / run_name / "index.html"
    tables, outcome = list(_tables(data, rows)), f"{data.outcomes.sentence}."
    return Summary(tables, notes, outcome, words.verdict(data), path, first)


def _tables(data: ReportData, rows: Sequence[Any]) -> Iterator[Ranked]:
    unit, scale = data.objective.unit, data.objective.scale
    places = show.decimals(data.ranking["effect"], scale)
    level = show.percent(1 - float(data.plan["alpha"]))
    columns = ("Tip", f"Effect [{level} interval]", "n", "Verdict")
    for design in dict.fromkeys(str(row.design) for row in rows):
        title = DESIGNS.get(design, design.replace("_", " "))
        own = [_row(row, places, scale) for row in rows if row.design == design]
        spans = f"; {said}" if (said := words.intervals(data)) else ""
        yield Ranked(f"{title}: effect on {unit}, negative helps{spans}", columns, own)


def _row(row: Any, places: int, scale: float) -> tuple[str, ...]:
    effect = show.kid(row.effect, places, True, scale)
    span = f" {show.interval(row.low, row.high, places, scale)}" if row.n > 1 else ""
    n = str(row.n) if row.n == row.planned else f"{row.n}/{row.planned}"
    return _name(row), f"{effect}{span}", n, judged(row.verdict, row.reason)


def _name(row: Any) -> str:
    """A tip's id or a level's label; the table says which design it is of."""
    name = str(row.contrast).removesuffix(SUFFIX)
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"


def titled(title: str, design: str) -> str:
    """A contrast's title, with its design where it is not one change from the baseline."""
    return f"{title}{SUFFIX}" if design == "leave_one_out" and not title.endswith(SUFFIX) else title


def judged(verdict: str, reason: str = "") -> str:
    """A verdict, or a dash where a profile judges nothing: there is no reason then."""
    return show.NONE if verdict == NOT_JUDGED and not reason else verdict
