"""What the command line prints of statistics beyond one study's report."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from harness.analysis.frame import each_row
from harness.report import format as show
from harness.terminal import VERDICTS, new_table

if TYPE_CHECKING:
    from harness.analysis.compare import Comparison
    from harness.analysis.self_check import SelfCheck
    from harness.app.analysis import Ranking


def _digits(values: Any) -> int:
    return show.decimals([*values], scale=1)


def show_rank(found: "Ranking") -> None:
    """Treatments with their places, and every pair."""
    console, treatments, pairs = Console(), found.treatments, found.pairs
    places = _digits(treatments["mean"]) + 1
    ranked = new_table(("Place", "May be", "Treatment", "n", "Mean", "sd"), ("n", "Mean", "sd"))
    for place, row in enumerate(each_row(treatments), 1):
        ranked.add_row(
            str(place),
            f"{row.rank_low:.0f} to {row.rank_high:.0f}",
            str(row.treatment),
            str(row.n),
            show.number(row.mean, places),
            show.number(row.sd, places),
        )
    judged = new_table(("a", "b", "n", "a − b", "Interval", "p", "a is"), ("n", "a − b", "p"))
    for row in each_row(pairs):
        judged.add_row(
            str(row.a),
            str(row.b),
            str(row.n),
            show.number(row.effect, places, signed=True),
            show.interval(row.ci_low, row.ci_high, places, scale=1),
            show.p_value(row.p_adjusted),
            Text(row.verdict, VERDICTS.get(row.verdict, "")),
        )
    console.print(ranked)
    console.print(judged)


def show_comparison(found: "Comparison", page: Path) -> None:
    """The runs, their effects side by side, agreement and drift."""
    console = Console()
    runs = new_table(("Run", "Data", "px", "kimg", "Seeds", "Trials", "Code"))
    for row in each_row(found.runs):
        counts = (f"{row.kimg:g}", str(row.seeds), row.outcome)
        runs.add_row(row.run, str(row.data), str(row.pixels), *counts, row.code or show.NONE)
    console.print(runs)
    effects = new_table(("Tip", "Run", "Effect on KID × 10³", "Verdict"))
    last = ""
    for row in each_row(found.effects):
        name = row.contrast if row.contrast != last else ""
        last = row.contrast
        span = show.interval(row.low, row.high)
        verdict = Text(row.verdict, VERDICTS.get(row.verdict, ""))
        effects.add_row(name, row.run, f"{show.kid(row.effect, signed=True)} {span}", verdict)
    console.print(effects)
    for row in each_row(found.agreement):
        console.print(
            f"{row.a} and {row.b}: Kendall's tau {show.number(row.tau, 2, signed=True)} over "
            f"{show.count(row.contrasts, 'common contrast')} (p {show.p_value(row.p)})",
            highlight=False,
        )
    for row in each_row(found.changed):
        sure = ", both sure" if row.judged else ""
        values = (show.kid(value, signed=True) for value in (row.effect_a, row.effect_b))
        console.print(
            f"changed sign{sure}: {row.contrast}, {' and '.join(values)} × 10⁻³", highlight=False
        )
    console.print(f"Page: {page}", soft_wrap=True, highlight=False)


def show_self_check(found: "SelfCheck") -> None:
    """The share of deals that ended in a verdict, beside what is to be expected."""
    fine = found.share <= found.tolerance
    said = "as it should be" if fine else "MORE than chance allows: do not trust the verdicts"
    Console().print(
        f"A/A: {found.pool} seeds of the baseline, dealt {found.deals:,} times into "
        f"{show.count(found.contrasts, 'contrast')} of {found.seeds} against {found.seeds} seeds.\n"
        f"{show.number(100 * found.share, 1)} % of the deals found a difference, where at most "
        f"{show.percent(found.alpha)} should; deals overlap, so up to "
        f"{show.percent(found.tolerance)} is no alarm: {said}.",
        highlight=False,
    )
