"""Output of the commands compare, rank and self-check."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from harness.analysis.compare import margins_apart, unlearnt
from harness.analysis.compare import scale as scale_of
from harness.analysis.frame import each_row
from harness.cli.printing.cells import Cell, Name
from harness.cli.printing.tables import VERDICTS, Table
from harness.cli.printing.terminal import Terminal
from harness.core import format as show

if TYPE_CHECKING:
    import pandas as pd

    from harness.analysis.compare import Comparison
    from harness.analysis.pooling import Pool
    from harness.analysis.self_check import SelfCheck
    from harness.app.analysis import Ranking


MOST_DIGITS = 15  # after the decimal point


def _digits(values: Iterable[float]) -> int:
    """Decimals that show four digits of the largest value."""
    values = list(values)
    largest = max((abs(value) for value in values if math.isfinite(value)), default=1.0)
    zeros = -math.floor(math.log10(largest)) - 1 if 0 < largest < 1 else 0
    return min(min(show.decimals(values, scale=1), 3) + 1 + zeros, MOST_DIGITS)


def show_rank(ranking: "Ranking") -> None:
    """Direction, warnings, treatments with their places, and every pair."""
    terminal = Terminal()
    terminal.say(ranking.direction, "bold")
    for note in ranking.notes:
        terminal.say(f"warning: {note}", "yellow")
    terminal.print(_places(ranking))
    if len(ranking.pairs):
        terminal.print(_pairs(ranking))
    if ranking.within is not None:
        terminal.say("Within each block, by Welch's test of means and deviations")
        terminal.print(_within(ranking.within))


def _places(ranking: "Ranking") -> Table:
    rows = list(each_row(ranking.treatments))
    several, uneven = rows[-1].group > 1, len({row.n for row in rows}) > 1
    adjusted = ("Adjusted",) if uneven else ()
    heads = (*(("Group",) if several else ()), "Place", "May be", "Treatment", "n", *adjusted)
    table = Table((*heads, "Mean", "sd"), right=("n", "Adjusted", "Mean", "sd"))
    digits = _digits(ranking.treatments["mean"])
    place = dict.fromkeys((row.group for row in rows), 0)
    for row in rows:
        place[row.group] += 1
        group = (str(row.group),) if several else ()
        middle = (show.number(row.adjusted, digits),) if uneven else ()
        numbers = (*middle, show.number(row.mean, digits), show.number(row.sd, digits))
        may_be = f"{int(row.rank_low)} to {int(row.rank_high)}"
        where = (*group, str(place[row.group]), may_be, Name(str(row.treatment)))
        table.add_row(*where, str(row.n), *numbers)
    for name in ranking.without:
        table.add_row(*([show.NONE] * (3 if several else 2)), Name(name), "0")
    return table


def _pairs(ranking: "Ranking") -> Table:
    digits = _digits(ranking.pairs["effect"])
    table = Table(("a", "b", "n", "a − b [interval]", "p", "a is"), right=("n", "p"))
    for row in each_row(ranking.pairs):
        table.add_row(
            Name(str(row.a)),
            Name(str(row.b)),
            str(row.n),
            _estimate(row.effect, row.ci_low, row.ci_high, digits, 1),
            show.p_value(row.p_adjusted),
            Text(row.verdict, VERDICTS.get(row.verdict, "")),
        )
    return table


def _within(pairs: "pd.DataFrame") -> Table:
    digits = _digits(pairs["effect"])
    table = Table(("Block", "a", "b", "n", "a − b [interval]", "p", "a is"), right=("n", "p"))
    for row in each_row(pairs):
        table.add_row(
            Name(str(row.block)),
            Name(str(row.a)),
            Name(str(row.b)),
            f"{row.n_a}, {row.n_b}",
            _estimate(row.effect, row.ci_low, row.ci_high, digits, 1),
            show.p_value(row.p_adjusted),
            Text(row.verdict, VERDICTS.get(row.verdict, "")),
        )
    return table


def show_comparison(comparison: "Comparison", page: Path) -> None:
    """References that have not learnt, the runs, their effects, agreement and drift."""
    terminal = Terminal()
    for line in (*unlearnt(comparison), *margins_apart(comparison.runs)):
        terminal.say(line, "bold yellow")
    runs = Table(("Run", "Data", "px", "kimg", "Seeds", "Trials", "Code"), right=("px", "kimg"))
    for row in each_row(comparison.runs):
        counts = (show.plain(row.kimg), str(row.seeds), row.outcome)
        names = (Name(row.run), Name(str(row.data)))
        runs.add_row(*names, str(row.pixels), *counts, row.code or show.NONE)
    terminal.print(runs)
    for name, effects in comparison.effects.groupby("measure", sort=False):
        terminal.say(str(name))
        terminal.print(_effects(str(name), effects))
        for line in _without_interval(effects):
            terminal.say(line)
    if comparison.pooled:
        _show_pool(terminal, comparison.pooled)
    for row in each_row(comparison.agreement):
        terminal.say(f"{row.a} and {row.b}: {_agreement(row)}")
    for row in each_row(comparison.changed):
        sure = "both significant" if row.judged else "not significant"
        terminal.say(f"changed sign ({sure}): {row.contrast}, {_signs(row)}")
    terminal.print(f"Page: {page}", soft_wrap=True)


def _without_interval(effects: "pd.DataFrame") -> list[str]:
    """Why effects of a run have no interval, once a run and reason."""
    lacking = effects[effects["low"].isna()]
    told = {(row.run, row.reason or f"n = {row.n}"): None for row in each_row(lacking)}
    return [f"{run}: no interval, {reason}" for run, reason in told]


def _show_pool(terminal: Terminal, pool: "Pool") -> None:
    """One row a tip over all sets, in per cent of what each reference learnt."""
    for caution in pool.cautions:
        terminal.say(f"warning: {caution}", "yellow")
    table = Table(("Tip", "Sets", "Pooled effect, %", "p", "Verdict"), right=("Sets", "p"))
    digits = show.decimals(pool.tips["effect"], 100)
    for row in each_row(pool.tips):
        verdict = Text(row.verdict, VERDICTS.get(row.verdict, ""))
        effect = _estimate(row.effect, row.low, row.high, digits, 100)
        p = show.p_value(row.p_adjusted)
        table.add_row(Name(row.contrast), str(row.sets), effect, p, verdict)
    terminal.say("Pooled, in % of what the reference learnt on each set")
    terminal.print(table)
    for row in each_row(pool.left_out):
        terminal.say(f"not pooled: {row.contrast}, {row.reason}")


def _agreement(row: Any) -> str:
    common = show.count(row.contrasts, "common contrast")
    if row.contrasts < 2:
        return f"{common if row.contrasts else 'no common contrast'}, so no orders to compare"
    tau = show.number(row.tau, 2, signed=True)
    return f"Kendall's tau {tau} over {common} (p {show.p_value(row.p)})"


def _estimate(effect: float, low: float, high: float, digits: int, scale: float) -> Cell:
    """An effect and its interval, never folded."""
    interval = f" {show.interval(low, high, digits, scale)}" if math.isfinite(low) else ""
    return Cell(show.kid(effect, digits, signed=True, scale=scale) + interval)


def _effects(name: str, effects: "pd.DataFrame") -> Table:
    """The effects of one metric and objective; others have their own tables."""
    scale, unit = scale_of(name)
    table = Table(("Tip", "Run", f"Effect, {unit}", "Verdict"))
    last = ""
    for row in each_row(effects):
        tip = row.contrast if row.contrast != last else ""
        last = row.contrast
        verdict = Text(row.verdict, VERDICTS.get(row.verdict, ""))
        estimate = _estimate(row.effect, row.low, row.high, 1, scale)
        table.add_row(Name(tip), Name(row.run), estimate, verdict)
    return table


def _signs(row: Any) -> str:
    if row.measure_a != row.measure_b:
        words = {True: "helps", False: "hurts"}
        return f"{words[row.effect_a < 0]} in {row.a} and {words[row.effect_b < 0]} in {row.b}"
    scale, unit = scale_of(row.measure_a)
    values = (show.kid(value, signed=True, scale=scale) for value in (row.effect_a, row.effect_b))
    return f"{' and '.join(values)} ({unit})"


def show_self_check(check: "SelfCheck") -> None:
    """The share of random splits with a verdict, and the expected share."""
    fine = check.share <= check.tolerance
    judged = "as expected" if fine else "MORE than expected: do not trust the verdicts"
    Terminal().say(
        f"A/A: {check.pool} seeds of the baseline, split at random {show.whole(check.deals)} times "
        f"into {show.count(check.contrasts, 'contrast')} of {check.seeds} against {check.seeds} "
        f"seeds.\n{show.percent(check.share, 1)} of the splits found a difference, where "
        f"at most {show.percent(check.alpha)} should; splits overlap, so up to "
        f"{show.percent(check.tolerance)} is acceptable: {judged}."
    )
