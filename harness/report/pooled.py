"""The section of a comparison on pooled estimates: one effect a tip over all data sets."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from harness.analysis.effects import BETTER, WORSE
from harness.analysis.frame import each_row
from harness.analysis.pooling import ALONE, NONE, REPEATED, Pool
from harness.analysis.ranked import starred
from harness.core import format as show
from harness.report import latex
from harness.report.blocks import Block, Cell, Figure, Heading, Items, Label, Table, Tag, Text
from harness.report.plots.pooled import SCALE, draw_pooled, pooled_info
from harness.report.sections.ranking import TONES
from harness.report.sketch import Sketch

TEX = "pooled.tex"
_COLUMNS = ("Tip", "$k$", "Effect", "Interval", "Prediction", "$p$ (adj.)", "Verdict")
UNIT = "% of what the reference learnt"


def sentence(pool: Pool) -> str:
    """Which tips help or hurt over all sets, and of how many that is not decided."""
    verdicts, over = pool.tips["verdict"], f"Over {_sets(pool)} together"
    parts = [
        _group(pool.tips[verdicts == word], verbs, pool)
        for word, verbs in ((BETTER, ("helps", "help")), (WORSE, ("hurts", "hurt")))
    ]
    told = "; ".join(filter(None, parts))
    undecided = pool.tips[~verdicts.isin([BETTER, WORSE])]
    if undecided.empty:
        return f"{over}, {told}."
    several = len(undecided) > 1
    if told:
        others = f"the other {len(undecided)} tips" if several else "the other tip"
        they = "they help or hurt" if several else "it helps or hurts"
        first = f"{over}, {told}. Of {others} it is not decided whether {they}"
    else:
        tips = f"any of the {len(undecided)} tips" if several else "the one tip"
        first = f"{over}, it is not decided of {tips} whether it helps or hurts"
    return f"{first}{_looked_best(undecided, pool, bool(told))}."


def _group(tips: pd.DataFrame, verbs: tuple[str, str], pool: Pool) -> str:
    """Tips and their effects, with a verb for one and for several; empty of none."""
    if tips.empty:
        return ""
    names = show.listed(f"“{row.title}” ({_effect(row, pool)} {UNIT})" for row in each_row(tips))
    return f"{names} {verbs[len(tips) > 1]}"


def _looked_best(undecided: pd.DataFrame, pool: Pool, others: bool) -> str:
    """The first of some tips, which are in the order of their effects; empty if none helps.

    `others`: some are decided, so that it looked best of the rest only.
    """
    best, *_ = each_row(undecided)
    if best.effect >= 0:
        return ""
    span = _span(best.low, best.high, pool)
    value = f"({_effect(best, pool)} {span} {UNIT})"
    if others and len(undecided) == 1:
        return f"; following “{best.title}” looked better {value}"
    return f"; {'of these, ' if others else ''}“{best.title}” looked best {value}"


def _sets(pool: Pool) -> str:
    least, most = pool.tips["sets"].min(), pool.tips["sets"].max()
    return show.count(most, "set") if least == most else f"{least} to {most} sets"


def blocks(pool: Pool) -> list[Block]:
    """Heading, figure, one row a tip, what was done, one row a tip and set, what was left out."""
    section: list[Block] = [
        Heading("Pooled over data sets", "pooled"),
        _figure(pool),
        _tips(pool),
        Text(_method(pool)),
        _by_set(pool),
    ]
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
        "not explain, the SD between sets the standard deviation of true effects, and Q tests "
        "whether they are equal."
    )


def _figure(pool: Pool) -> Figure:
    told = "; ".join(f"{row.title} {_effect(row, pool)}" for row in each_row(pool.tips))
    level = show.percent(1 - pool.alpha)
    return Figure(
        "pooled",
        Sketch(draw_pooled, pooled_info(pool.tips, pool.sets)),
        f"Forest plot by data set; pooled effects in {UNIT}, negative helps: {told}.",
        f"Squares: the effect on each set with its {level} interval, larger with more weight "
        f"({intervals_by_set(pool)}). "
        f"Diamonds: the pooled effect with its {level} interval, which holds for all tips at once. "
        "Dashed: the prediction interval for a further set. Arrows: what lies outside the range "
        "shown.",
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
        [row.title, str(row.sets), Label(_effect(row, pool), _span(row.low, row.high, pool)),
         Label(carries_over(row), _span(row.predicted_low, row.predicted_high, pool)),
         Label(show.kid(row.sd_between, _decimals(pool), scale=SCALE), _heterogeneity(row)),
         show.p_value(row.p_adjusted),
         Tag(row.verdict, TONES.get(row.verdict, "neutral"), row.reason)]
        for row in each_row(pool.tips)
    ]  # fmt: skip
    columns = ["Tip", "Sets", "Effect", "On a further set", "SD between sets", "p (adjusted)",
               "Verdict"]  # fmt: skip
    level = show.percent(1 - pool.alpha)
    caption = (
        f"Pooled effects in {UNIT}, each with its {level} interval; on a further set, with the "
        "prediction interval"
    )
    return Table(caption, columns, rows, frozenset({1, 2, 4, 5}), "tables/pooled.csv")


def _heterogeneity(row: Any) -> str:
    p = show.p_value(row.p_q)
    return f"I² {show.percent(row.i_squared, 0)}; Q {show.number(row.q, 1)}, p {p}"


def _by_set(pool: Pool) -> Table:
    rows: list[list[Cell]] = [
        [row.title, row.set, str(row.n), _effect(row, pool),
         _span(row.low, row.high, pool), show.percent(row.weight, 0)]
        for row in each_row(pool.sets)
    ]  # fmt: skip
    columns = ["Tip", "Set", "n", "Effect", "Interval", "Weight"]
    caption = f"Effects by set in {UNIT}; {intervals_by_set(pool)}"
    return Table(caption, columns, rows, frozenset({2, 3, 4, 5}), "tables/pooled_sets.csv",
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
        + (f" {latex.STARRED}" if (pool.tips["reason"] != "").any() else "")
    )
    return latex.document(name, [latex.Tabular(caption, name, _COLUMNS, list(_cells(pool)))])


def _cells(pool: Pool) -> Iterator[Sequence[str]]:
    for row in each_row(pool.tips):
        yield (row.title, str(row.sets), _effect(row, pool), _span(row.low, row.high, pool),
               _span(row.predicted_low, row.predicted_high, pool),
               show.p_value(row.p_adjusted), starred(row.verdict, row.reason))  # fmt: skip
