"""The section of a comparison on pooled estimates: one effect a tip over all data sets."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pandas as pd

from harness.analysis.effects import BETTER, WORSE
from harness.analysis.frame import each_row
from harness.analysis.pooling import ALONE, NONE, REPEATED, Pool
from harness.core import format as show
from harness.report import latex
from harness.report.blocks import Block, Cell, Figure, Heading, Items, Table, Tag, Text
from harness.report.plots.pooled import SCALE, draw_pooled, pooled_info
from harness.report.sections.ranking import TONES

TEX = "pooled.tex"
_COLUMNS = ("Tip", "$k$", "Effect", "Interval", "Prediction", "$p$ (adj.)", "Verdict")
UNIT = "% of what the reference learnt"


def sentence(pool: Pool) -> str:
    """Which tips are better or worse over all sets, and which of these carry over."""
    words = [_group(pool.tips[pool.tips["verdict"] == word], word) for word in (BETTER, WORSE)]
    told = ", and ".join(filter(None, words)) or "no tip is better or worse"
    return f"Pooled over {_sets(pool)}: {told}."


def _group(tips: pd.DataFrame, word: str) -> str:
    if tips.empty:
        return ""
    return f"{show.listed(tips['title'])} {'is' if len(tips) == 1 else 'are'} {word}"


def _sets(pool: Pool) -> str:
    least, most = pool.tips["sets"].min(), pool.tips["sets"].max()
    return show.count(most, "set") if least == most else f"{least} to {most} sets"


def blocks(pool: Pool) -> list[Block]:
    """Heading, what was done, figure, one row a tip, one row a tip and set, what was left out."""
    section: list[Block] = [Heading("Pooled over data sets", "pooled"), Text(_method(pool))]
    section += [Text(caution, "warning") for caution in pool.cautions]
    section += [_figure(pool), _tips(pool), _by_set(pool)]
    if len(pool.left_out):
        items = [f"{row.title}: {row.reason}." for row in each_row(pool.left_out)]
        section.append(Items("Not pooled", items))
    return section


def _method(pool: Pool) -> str:
    level = show.percent(1 - pool.alpha)
    return (
        "Effects are shares of what the reference learnt on each set, its untrained KID less its "
        "objective. Sets are combined by a random-effects model (DerSimonian and Laird 1986) with "
        "the interval of Hartung and Knapp (2001), which is never narrower than without their "
        f"correction. Verdicts come from p adjusted by Holm for "
        f"{show.count(len(pool.tips), 'tip')}; the {level} intervals of the table hold for all "
        "tips at once. The prediction interval (Higgins, Thompson and Spiegelhalter 2009) is where "
        f"the effect on a further set is expected with {level} probability; from three sets it is "
        "very wide. I² is the share of the spread between sets that their own uncertainty does "
        "not explain, τ the standard deviation of true effects, and Q tests whether they are equal."
    )


def _figure(pool: Pool) -> Figure:
    told = "; ".join(f"{row.title} {_effect(row, pool)}" for row in each_row(pool.tips))
    level = show.percent(1 - pool.alpha)
    return Figure(
        "pooled",
        partial(draw_pooled, pooled_info(pool.tips, pool.sets)),
        f"Forest plot by data set; pooled effects in {UNIT}, negative helps: {told}.",
        f"Squares: the effect in each run with its {level} interval, larger with more weight "
        f"({intervals_by_set(pool)}). "
        f"Diamonds: the pooled effect with the {level} interval of the tip alone. Dashed: the "
        "prediction interval for a further set. Arrows: what lies outside the range shown.",
    )


def _decimals(pool: Pool) -> int:
    return show.decimals([*pool.tips["effect"], *pool.sets["effect"]], SCALE)


def _effect(row: Any, pool: Pool) -> str:
    return show.kid(row.effect, _decimals(pool), signed=True, scale=SCALE)


def _span(low: float, high: float, pool: Pool) -> str:
    return show.interval(low, high, _decimals(pool), SCALE)


def carries_over(row: Any) -> str:
    """The direction of the effect on a further set, by the prediction interval."""
    if row.predicted_high < 0:
        return "helps"
    return "hurts" if row.predicted_low > 0 else "either way"


def _tips(pool: Pool) -> Table:
    rows: list[list[Cell]] = [
        [row.title, str(row.sets), _effect(row, pool), _span(row.low, row.high, pool),
         _span(row.predicted_low, row.predicted_high, pool), carries_over(row),
         show.kid(row.tau, _decimals(pool), scale=SCALE), show.percent(row.i_squared, 0),
         f"{show.number(row.q, 1)} ({show.p_value(row.p_q)})", show.p_value(row.p_adjusted),
         Tag(row.verdict, TONES.get(row.verdict, "neutral"), row.reason)]
        for row in each_row(pool.tips)
    ]  # fmt: skip
    columns = ["Tip", "Sets", "Effect", "Interval", "Prediction interval", "On a further set", "τ",
               "I²", "Q (p)", "p (adjusted)", "Verdict"]  # fmt: skip
    numeric = frozenset({1, 2, 3, 4, 6, 7, 8, 9})
    return Table(f"Pooled effects in {UNIT}", columns, rows, numeric, "tables/pooled.csv")


def _by_set(pool: Pool) -> Table:
    rows: list[list[Cell]] = [
        [row.title, row.run, row.set, str(row.n), _effect(row, pool),
         _span(row.low, row.high, pool), show.percent(row.weight, 0)]
        for row in each_row(pool.sets)
    ]  # fmt: skip
    columns = ["Tip", "Run", "Set", "n", "Effect", "Interval", "Weight"]
    caption = f"Effects by set in {UNIT}; {intervals_by_set(pool)}"
    return Table(caption, columns, rows, frozenset({3, 4, 5, 6}), "tables/pooled_sets.csv",
                 grouped=True)  # fmt: skip


def intervals_by_set(pool: Pool) -> str:
    """Which contrasts and looks the intervals of single sets cover."""
    runs = {kind: rows["run"].unique() for kind, rows in pool.sets.groupby("interval")}
    several = len(runs) > 1
    runs_named = {
        kind: f" of {show.listed(names)}" if several or kind == NONE else ""
        for kind, names in runs.items()
    }
    told = {
        ALONE: "intervals{} are each for its row alone",
        REPEATED: "intervals{} are repeated ones, for all contrasts and looks of a run at once",
        NONE: "none{}, as no look was taken by its metric",
    }
    return "; ".join(text.format(runs_named[kind]) for kind, text in told.items() if kind in runs)


def tables(pool: Pool | None) -> dict[str, pd.DataFrame]:
    """With all digits, by the name of the file; empty where nothing was pooled."""
    if pool is None:
        return {}
    known = {"pooled": pool.tips, "pooled_sets": pool.sets, "pooled_left_out": pool.left_out}
    return {name: table for name, table in known.items() if len(table)}


def tex(pool: Pool, name: str) -> str:
    """The pooled effects as a LaTeX table, to be read into a paper by \\input."""
    caption = latex.escaped(
        f"Effects pooled over {_sets(pool)} by random effects, in {UNIT}; negative helps. "
        f"Intervals hold for all tips at once; prediction intervals are for a further set."
    )
    return latex.document(name, [latex.Tabular(caption, name, _COLUMNS, list(_cells(pool)))])


def _cells(pool: Pool) -> Iterator[Sequence[str]]:
    for row in each_row(pool.tips):
        yield (row.title, str(row.sets), _effect(row, pool), _span(row.low, row.high, pool),
               _span(row.predicted_low, row.predicted_high, pool),
               show.p_value(row.p_adjusted), row.verdict)  # fmt: skip
