"""Output of the commands compare, rank and self-check."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from harness.analysis.compare import margins_apart, unlearnt
from harness.analysis.compare import scale as scale_of
from harness.analysis.frame import each_row
from harness.cli.printing.tables import VERDICTS, Table
from harness.cli.printing.terminal import Terminal
from harness.core import format as show
from harness.core.folding import Cell, Name

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
        _show_judged(terminal, ranking.test, ranking.pairs, ranking.alpha)
    if ranking.within is not None:
        _show_judged(terminal, ranking.test_within, ranking.within, ranking.alpha)


def _show_judged(terminal: Terminal, test: str, pairs: "pd.DataFrame", alpha: float) -> None:
    """The test, then its pairs; a reason that all of them have is told once."""
    reasons = set(pairs["reason"])
    alike = len(pairs) > 1 and len(reasons) == 1
    terminal.say(test)
    terminal.print(_pairs(pairs, alpha, remarks=not alike))
    for reason in filter(None, reasons if alike else ()):
        terminal.say(f"every pair: {reason}")


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
        where = (*group, str(place[row.group]), may_be, Name.of(str(row.treatment)))
        table.add_row(*where, str(row.n), *numbers)
    for name in ranking.without:
        table.add_row(*([show.NONE] * (3 if several else 2)), Name.of(name), "0")
    return table


def _pairs(pairs: "pd.DataFrame", alpha: float, remarks: bool) -> Table:
    digits, blocks = _digits(pairs["effect"]), "block" in pairs
    level = show.percent(1 - alpha)
    heads = ("a", "b", "n", f"a − b [{level} interval]", "p", "a is")
    table = Table(("Block", *heads) if blocks else heads, right=("n", "p"))
    for row in each_row(pairs):
        table.add_row(
            *((Name.of(str(row.block)),) if blocks else ()),
            Name.of(str(row.a)),
            Name.of(str(row.b)),
            f"{row.n_a}, {row.n_b}" if blocks else str(row.n),
            _estimate(row.effect, row.ci_low, row.ci_high, digits, 1),
            show.p_value(row.p_adjusted),
            _verdict(row.verdict),
            remark=row.reason if remarks else "",
        )
    return table


def _verdict(word: str) -> Text:
    return Text(word, VERDICTS.get(word, ""))


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
        shared = _shared_reasons(effects)
        terminal.say(str(name))
        terminal.print(_effects(str(name), effects, shared))
        for run, reason in shared.items():
            terminal.say(f"{run}: {reason}")
    if comparison.pooled:
        _show_pool(terminal, comparison.pooled)
    for row in each_row(comparison.agreement):
        terminal.say(f"{row.a} and {row.b}: {_agreement(row)}")
    for row in each_row(comparison.changed):
        sure = "both significant" if row.judged else "not significant"
        terminal.say(f"changed sign ({sure}): {row.title}, {_signs(row)}")
    terminal.print(f"Page: {page}", soft_wrap=True)


def _reason(row: Any) -> str:
    """The reason of a verdict, or why there is no interval."""
    if math.isfinite(row.low):
        return str(row.reason)
    return f"no interval, {row.reason or f'n = {row.n}'}"


def _shared_reasons(effects: "pd.DataFrame") -> dict[str, str]:
    """Run → the reason that all of its verdicts have, if there are several and one is given."""
    reasons: dict[str, list[str]] = {}
    for row in each_row(effects):
        reasons.setdefault(row.run, []).append(_reason(row))
    return {
        run: one
        for run, (one, *others) in reasons.items()
        if one and others and set(others) == {one}
    }


def _show_pool(terminal: Terminal, pool: "Pool") -> None:
    """One row a tip over all sets, in per cent of what each reference learnt."""
    for caution in pool.cautions:
        terminal.say(f"warning: {caution}", "yellow")
    table = Table(("Tip", "Sets", "Pooled effect, %", "p", "Verdict"), right=("Sets", "p"))
    digits = show.decimals(pool.tips["effect"], 100)
    for row in each_row(pool.tips):
        effect = _estimate(row.effect, row.low, row.high, digits, 100)
        cells = (str(row.sets), effect, show.p_value(row.p_adjusted), _verdict(row.verdict))
        table.add_row(Name.of(row.title), *cells, remark=row.reason)
    level = show.percent(1 - pool.alpha)
    terminal.say(
        "Pooled, in % of what the reference learnt on each set; verdicts by p (Holm), "
        f"{level} intervals for all tips at once"
    )
    terminal.print(table)
    for row in each_row(pool.left_out):
        terminal.say(f"not pooled: {row.title}, {row.reason}")


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


def _effects(name: str, effects: "pd.DataFrame", shared: Mapping[str, str]) -> Table:
    """The effects of one metric and objective; others have their own tables.

    `shared`: reasons of all verdicts of a run, which no row repeats.
    """
    scale, unit = scale_of(name)
    table = Table(("Tip", "Run", f"Effect, {unit}", "Verdict"))
    last = ""
    for row in each_row(effects):
        tip = row.title if row.title != last else ""
        last = row.title
        estimate = _estimate(row.effect, row.low, row.high, 1, scale)
        remark = "" if row.run in shared else _reason(row)
        table.add_row(Name.of(tip), Name(row.run), estimate, _verdict(row.verdict), remark=remark)
    return table


def _signs(row: Any) -> str:
    if row.measure_a != row.measure_b:
        helps, hurts = ("helps", "hurts") if row.judged else ("is negative", "is positive")
        words = {True: helps, False: hurts}
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
