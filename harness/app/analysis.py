"""Use cases that compare runs and rank results from elsewhere, as plain functions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.analysis.fields import Columns
from harness.config.runtime import Runtime
from harness.core import format as show
from harness.core.errors import HarnessError
from harness.plan.cells import seed_major
from harness.plan.expand import Plan
from harness.plan.stages import Static
from harness.runs.plan import AGAINST_ITSELF

if TYPE_CHECKING:
    import pandas as pd

    from harness.analysis.compare import Comparison
    from harness.analysis.frame import Frames
    from harness.analysis.results import Results
    from harness.analysis.self_check import SelfCheck

POOL = 24  # seeds of a self-check


class Ranking(NamedTuple):
    """Treatments of a table of results, best first, and every pair of them."""

    treatments: "pd.DataFrame"
    pairs: "pd.DataFrame"
    value: str  # the column that was ranked
    lower: bool  # whether smaller values are better
    direction: str  # that, and who said so
    alpha: float
    without: Sequence[str]  # treatments that have no result
    notes: Sequence[str]  # what to know before the numbers are read
    test: str  # a sentence on what decides on pairs, and on their intervals
    within: "pd.DataFrame | None" = None  # of means with deviations: every pair of each block
    test_within: str = ""

    def to_json(self) -> dict[str, Any]:
        """The ranking as plain data, with all digits; unknown values are NaN."""
        return {
            "value": self.value,
            "lower_is_better": self.lower,
            "direction": self.direction,
            "alpha": self.alpha,
            "warnings": list(self.notes),
            "test": self.test,
            "treatments": self.treatments.to_dict("records"),
            "without_results": list(self.without),
            "pairs": self.pairs.to_dict("records"),
            **self._within_blocks,
        }

    @property
    def _within_blocks(self) -> dict[str, Any]:
        if self.within is None:
            return {}
        return {"test_within": self.test_within, "within_blocks": self.within.to_dict("records")}


def rank(path: Path, columns: Columns, lower: bool | None, alpha: float) -> Ranking:
    """Rank results from elsewhere with the statistics of a study; `lower` None: from the value's
    name.

    If the name does not tell, higher is assumed to be better, with a warning. Values with `sd` and
    `n` are means, and compared within each block, too.
    """
    from harness.analysis.results import read_results

    _check_level(alpha)
    _check_spread(columns, "--")
    direction = _direction(columns.value, lower, "set --lower-is-better or --higher-is-better")
    return _ranked(read_results(path, columns), columns, direction, alpha)


def rank_frame(
    frame: "pd.DataFrame", columns: Columns, lower: bool | None, alpha: float
) -> Ranking:
    """Rank results in a data frame, one row per value."""
    from harness.analysis.results import read_frame

    _check_level(alpha)
    _check_spread(columns, "")
    remedy = "set lower_is_better=True or lower_is_better=False"
    direction = _direction(columns.value, lower, remedy)
    return _ranked(read_frame(frame, columns), columns, direction, alpha)


def _check_spread(columns: Columns, prefix: str) -> None:
    if bool(columns.sd) != bool(columns.n):
        given, lacking = ("sd", "n") if columns.sd else ("n", "sd")
        raise HarnessError(
            f"{prefix}{given} needs {prefix}{lacking}, too: {prefix}sd is the column of standard "
            f"deviations, {prefix}n that of how many values each mean is of, or one number for all"
        )


def _check_level(alpha: float) -> None:
    if not 0.0001 <= alpha <= 0.5:
        raise HarnessError(f"alpha {alpha}: a significance level lies between 0.0001 and 0.5")


class _Direction(NamedTuple):
    """Whether lower is better, a sentence about it, and a warning if it is assumed."""

    lower: bool
    sentence: str
    doubts: list[str]


def _ranked(results: "Results", columns: Columns, direction: _Direction, alpha: float) -> Ranking:
    from harness.analysis.pairs import rank, test_of, uneven

    lower, sentence, doubts = direction
    treatments, pairs = rank(results.table, alpha, lower)
    within = None
    if results.spreads:
        from harness.analysis.welch import compare_within, places

        ordered = results.table[treatments["treatment"]]
        within = compare_within(ordered, results.spreads, alpha, lower)
        if len(ordered) == 1:  # blocks cannot pair what is in one
            pairs = pairs.iloc[:0]
            treatments = treatments.assign(**places(list(treatments["treatment"]), within))
    notes = [*doubts, *results.notes, *uneven(results.table, treatments, columns.block)]
    test = _decides("Every pair", test_of(results.table), len(pairs), alpha)
    known = (treatments, pairs, columns.value, lower, sentence, alpha, results.without, notes, test)
    if within is None:
        return Ranking(*known)
    welch = "by Welch's test of means and deviations"
    return Ranking(*known, within, _decides("Within each block", welch, len(within), alpha))


def _decides(where: str, test: str, rows: int, alpha: float) -> str:
    """By which test verdicts are made, at which level, and for what its intervals hold."""
    every, interval = "", "t-interval"
    if rows > 1:
        every, interval = f" for all {show.whole(rows)} pairs at once", "t-intervals"
    return (
        f"{where}, {test}: p{every} decides at level {show.plain(alpha)}; "
        f"{show.percent(1 - alpha)} {interval}{every}"
    )


def _direction(value: str, asked: bool | None, remedy: str) -> _Direction:
    """Which way is better; `remedy` says how to tell where the name of the value does not."""
    from harness.analysis.direction import lower_is_better

    lower = lower_is_better(value) if asked is None else asked
    sentence = f"{value}: {'lower' if lower else 'higher'} is better"
    if asked is not None:
        return _Direction(asked, f"{sentence}, as asked", [])
    if lower is not None:
        return _Direction(lower, f"{sentence}, by its name", [])
    doubt = (
        f"the name {value} does not tell whether lower or higher is better; higher is assumed "
        f"({remedy})"
    )
    return _Direction(False, f"{sentence}, which is assumed", [doubt])


def compare(
    names: Sequence[str], runtime: Runtime, pool: bool = False
) -> tuple["Comparison", Path]:
    """Compare runs: tables, and the page that was written; `pool`: one estimate a tip, too."""
    from harness.report.comparison import render

    comparison, frames = compared(names, runtime, pool)
    return comparison, render(comparison, frames, runtime)


def compared(
    names: Sequence[str], runtime: Runtime, pool: bool = False
) -> tuple["Comparison", Mapping[str, "Frames"]]:
    """The tables of a comparison, and the runs; nothing is written."""
    from harness.analysis.compare import compare_runs
    from harness.analysis.frame import load

    if len(names) < 2 or len(set(names)) < len(names):
        raise HarnessError("compare: name two different runs or more (harness status lists them)")
    frames = {name: load(name, runtime) for name in names}
    return compare_runs(frames, pool), frames


def against_itself(planned: Plan, seeds: int) -> Plan:
    """A plan of the reference alone, with many seeds, under its own run name."""
    reference, pool = planned.cells[0], range(max(seeds, 2 * len(planned.seeds)))
    name = f"{planned.run_name}-{AGAINST_ITSELF}"
    return replace(planned, run_name=name, cells=(reference,), contrasts=(), crossed=None,
                   stages=Static(), trials=seed_major([reference], pool))  # fmt: skip


def self_check(planned: Plan, trained: Plan, runtime: Runtime) -> "SelfCheck":
    """Divide the trials of `trained` into groups, as many and as large as in the study."""
    from harness.analysis.frame import load
    from harness.analysis.self_check import check_same_cell

    return check_same_cell(
        load(trained.run_name, runtime), len(planned.seeds), len(planned.contrasts)
    )
