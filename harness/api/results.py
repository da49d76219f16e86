"""Statistics beyond one run: results from elsewhere, and runs side by side."""

from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.analysis.compare import scale, unlearnt
from harness.analysis.fields import Columns
from harness.analysis.frame import each_row
from harness.api.display import line, page, table
from harness.api.keywords import checked
from harness.api.run import Run
from harness.app import analysis as cases
from harness.config.runtime import Runtime
from harness.core import format as show
from harness.core.errors import HarnessError, shown
from harness.report.blocks import Cell, Table, Tag

if TYPE_CHECKING:
    from harness.analysis.compare import Comparison as Tables
    from harness.analysis.frame import Frames
    from harness.analysis.pooling import Pool


class Ranking:
    """Results from elsewhere, ranked: `table`, `pairs`, and `notes` to read before them."""

    def __init__(self, ranked: cases.Ranking) -> None:
        self._ranked = ranked

    @property
    def table(self) -> pd.DataFrame:
        """The treatments, best first.

        Columns: `treatment`; `n` (blocks with a result), `mean`, `sd`; `adjusted`, the mean
        adjusted for blocks, by which they are ordered; `rank_low` and `rank_high`, the places that
        a treatment may hold; `group` (treatments that no shared block joins are ranked apart).
        """
        return self._ranked.treatments

    @property
    def pairs(self) -> pd.DataFrame:
        """Every pair of treatments.

        Columns: `a`, `b`, `n` (blocks that have both), `effect` (mean of a − b), `ci_low` and
        `ci_high` (simultaneous interval), `p`, `p_adjusted`; `verdict` says what a is, and `reason`
        why it is not more.
        """
        return self._ranked.pairs

    @property
    def within_blocks(self) -> pd.DataFrame | None:
        """Every pair of treatments in each block, of values that are means; else None.

        Columns: `block`, `a`, `b`, `n_a`, `n_b`; `effect` (a − b), `ci_low` and `ci_high` (interval
        for all rows at once); `df`, `p`, `p_adjusted`, `verdict` and `reason`, by Welch's test.
        """
        return self._ranked.within

    @property
    def notes(self) -> list[str]:
        """Warnings and remarks, to be read before the numbers."""
        return list(self._ranked.notes)

    def __repr__(self) -> str:
        best = str(self.table["treatment"].iloc[0])
        facts = [f"{len(self.table)} treatments", f"best {best}"]
        return line("Ranking", self._ranked.direction, facts)

    def _repr_html_(self) -> str:
        places = show.decimals(self.table["mean"], 1)
        treatments = [
            [
                str(place),
                f"{show.number(row.rank_low, 0)} to {show.number(row.rank_high, 0)}",
                str(row.treatment),
                str(row.n),
                show.number(row.mean, places),
            ]
            for place, row in enumerate(each_row(self.table), 1)
        ]
        digits = show.decimals(self.pairs["effect"], 1)
        pairs: list[list[Cell]] = [
            [
                f"{row.a} − {row.b}",
                str(row.n),
                show.number(row.effect, digits, signed=True),
                show.interval(row.ci_low, row.ci_high, digits, scale=1),
                show.p_value(row.p_adjusted),
                _judged(row),
            ]
            for row in each_row(self.pairs)
        ]
        columns = ["Place", "May be", "Treatment", "n", "Mean"]
        compared = ["Pair", "n", "Difference", "Interval", "p", "Verdict"]
        tables = [
            table("Treatments", columns, treatments),
            table(self._ranked.test, compared, pairs),
        ]
        if self.within_blocks is not None:
            tables.append(_within(self.within_blocks, self._ranked.test_within))
        return page(self._ranked.direction, self.notes, tables)


def _within(pairs: pd.DataFrame, test: str) -> Table:
    digits = show.decimals(pairs["effect"], 1)
    body: list[list[Cell]] = [
        [
            str(row.block),
            f"{row.a} − {row.b}",
            f"{row.n_a}, {row.n_b}",
            show.number(row.effect, digits, signed=True),
            show.interval(row.ci_low, row.ci_high, digits, scale=1),
            show.p_value(row.p_adjusted),
            _judged(row),
        ]
        for row in each_row(pairs)
    ]
    columns = ["Block", "Pair", "n", "Difference", "Interval", "p", "Verdict"]
    return table(test, columns, body)


def _judged(row: Any) -> Tag:
    """The verdict on a pair, and its reason."""
    return Tag(f"{row.a} is {row.verdict}", "neutral", row.reason)


@checked
def rank(  # noqa: PLR0913 - as many keywords as the verb has options
    frame: pd.DataFrame,
    *,
    treatment: str,
    block: str,
    value: str,
    sd: str | None = None,
    n: str | int | None = None,
    lower_is_better: bool | None = None,
    alpha: float = 0.05,
) -> Ranking:
    """Rank results from elsewhere by the statistics of a study; a row of `frame` holds one value.

    `treatment`, `block` and `value` are columns: what is ranked, what is paired (seeds, data sets),
    and the result. Where results are means, `sd` is the column of standard deviations, and `n` that
    of how many values each is of, or one number; treatments are then compared within blocks, too.
    `lower_is_better` None: by the name of the value. `alpha`: level of all tests.
    """
    if not isinstance(frame, pd.DataFrame):
        raise HarnessError(f"rank: {shown(frame)} is no DataFrame; pandas.read_csv makes one")
    _check_options(lower_is_better, alpha)
    columns = Columns(treatment, block, value, sd or "", "" if n is None else str(n))
    return Ranking(cases.rank_frame(frame, columns, lower_is_better, alpha))


def _check_options(lower_is_better: object, alpha: object) -> None:
    if lower_is_better not in (True, False, None):
        raise HarnessError(
            f"rank(lower_is_better): True, False or None (given: {shown(lower_is_better)})"
        )
    if not isinstance(alpha, Real):
        raise HarnessError(f"rank(alpha): {shown(alpha)} is no number")


class Comparison:
    """Runs side by side. `table` has the effects; `report()` writes a page."""

    def __init__(self, tables: "Tables", frames: "Mapping[str, Frames]", runtime: Runtime) -> None:
        self._tables, self._frames, self._runtime = tables, frames, runtime

    @property
    def table(self) -> pd.DataFrame:
        """Effects that two runs or more have: one row a contrast and run.

        Columns: `contrast`, `title`, `run`, `measure` (objective under a metric identity: only
        effects of one measure compare in size), `effect`, `low`, `high`, `n`, `verdict`, `reason`.
        """
        return self._tables.effects

    @property
    def runs(self) -> pd.DataFrame:
        """One row a run: data, pixels, budget (`kimg`), seeds, trials, metric, code."""
        return self._tables.runs

    @property
    def agreement(self) -> pd.DataFrame:
        """Kendall's `tau` over the common contrasts, with its `p`: one row a pair of runs."""
        return self._tables.agreement

    @property
    def changed(self) -> pd.DataFrame:
        """Contrasts whose effects have opposite signs in two runs."""
        return self._tables.changed

    @property
    def pooled(self) -> pd.DataFrame:
        """One row a tip over all runs, of `compare(…, pool=True)`.

        Effects are shares of what each reference has learnt. Columns: `contrast`, `title`, `sets`;
        `effect`, `error`, `low` and `high` (interval for all tips at once), `t_low` and `t_high`
        (for this one), `predicted_low` and `predicted_high` (for a further set);
        `sd_between`, `i_squared`, `q` and `p_q`; `p`, `p_adjusted`, `verdict`, `reason`.
        """
        return self._pool.tips

    @property
    def pooled_sets(self) -> pd.DataFrame:
        """One row a tip and run that were pooled: the share as `effect`, and its `weight`."""
        return self._pool.sets

    @property
    def _pool(self) -> "Pool":
        if self._tables.pooled is None:
            raise HarnessError("nothing was pooled here: compare(…, pool=True) does")
        return self._tables.pooled

    @property
    def drift(self) -> pd.DataFrame:
        """Cells that two runs trained alike, and how far their objectives differ."""
        return self._tables.drift

    def report(self) -> Path:
        """Write the page of the comparison; its path."""
        from harness.report.comparison import render

        return render(self._tables, self._frames, self._runtime)

    def __repr__(self) -> str:
        common = self.table["contrast"].nunique()
        facts = [show.count(common, "common contrast"), f"{len(self.changed)} changed sign"]
        return line("Comparison", " and ".join(self._frames), facts)

    def _repr_html_(self) -> str:
        tables = []
        for measure, rows in self.table.groupby("measure", sort=False):
            factor, unit = scale(str(measure))
            places = show.decimals(rows["effect"], factor)
            body: list[list[Cell]] = [
                [
                    str(row.title),
                    str(row.run),
                    show.kid(row.effect, places, True, factor),
                    show.interval(row.low, row.high, places, factor),
                    Tag(row.verdict, "neutral", row.reason),
                ]
                for row in each_row(rows)
            ]
            columns = ["Tip", "Run", "Effect", "Interval", "Verdict"]
            tables.append(table(f"Effects on {unit} ({measure})", columns, body))
        if self._tables.pooled:
            tables.append(_pooled(self.pooled))
        return page(" and ".join(self._frames), unlearnt(self._tables), tables)


def _pooled(tips: pd.DataFrame) -> Table:
    places = show.decimals(tips["effect"], 100)
    body: list[list[Cell]] = [
        [
            str(row.title),
            str(row.sets),
            show.kid(row.effect, places, True, 100),
            show.interval(row.low, row.high, places, 100),
            show.interval(row.predicted_low, row.predicted_high, places, 100),
            Tag(row.verdict, "neutral", row.reason),
        ]
        for row in each_row(tips)
    ]
    columns = ["Tip", "Sets", "Effect", "Interval", "Prediction interval", "Verdict"]
    return table("Pooled, in % of what the reference learnt on each set", columns, body)


@checked
def compare(*runs: Run | str, pool: bool = False) -> Comparison:
    """Set two runs or more side by side: `compare("cifar10-cpu", run)`, by name or opened.

    `pool`: three runs or more on different data sets or sizes become one estimate a tip, too
    (`.pooled`); a HarnessError says why where they cannot.
    """
    if not isinstance(pool, bool):
        raise HarnessError(f"compare(pool): True or False (given: {shown(pool)})")
    names = [run.name if isinstance(run, Run) else run for run in runs]
    runtime = Runtime()
    tables, frames = cases.compared(names, runtime, pool)
    return Comparison(tables, frames, runtime)
