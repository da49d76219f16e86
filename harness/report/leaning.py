"""Which way effects lean that no test has decided: what looked best, and why that is no verdict."""

import math
from collections.abc import Sequence

from harness.analysis.ranked import RankedRow
from harness.analysis.verdicts import BETTER, WORSE
from harness.core import format as show
from harness.report.data import ReportData

ZERO = "its interval includes zero"


def looked_best(rows: Sequence[RankedRow], data: ReportData, others: bool = False) -> str:
    """A sentence on the most helpful of some undecided effects; empty where none helps.

    `rows`: contrasts with a value, of which no test has decided any; `others`: some are decided.
    """
    helping = [row for row in rows if row.n > 0 and row.effect < 0]
    if not helping:
        return ""
    best = min(helping, key=lambda row: row.effect)
    known = math.isfinite(best.low)
    value = f"{data.objective.unit} {best.estimate_text if known else best.effect_text}"
    why = f": {ZERO}" if known and best.high > 0 else ""
    if not others:
        return f"“{best.names[1]}” looked best ({value}), but that is not decided{why}."
    if len(rows) == 1:
        return f"Following “{best.names[1]}” looked better ({value}){why}."
    return f"Of those not decided, “{best.names[1]}” looked best ({value}){why}."


def doubtful(rows: Sequence[RankedRow], data: ReportData) -> list[str]:
    """Sentences on verdicts that hold by less than they seem to.

    Of some the interval includes zero, which a single contrast says itself, and a stained one with
    the rest of its reason; of others the estimate is within the margin of equivalence, though no
    test says that the effect is.
    """
    decided = [row for row in rows if row.verdict in (BETTER, WORSE)]
    several = [row for row in decided if len(rows) > 1 and not row.stained]
    spanning = [row for row in several if row.low < 0 < row.high]
    within = [row for row in decided if abs(row.effect) < row.margin and not row.small]
    sentences = []
    if spanning:
        one = "interval includes" if len(spanning) == 1 else "intervals include"
        sentences.append(f"{quoted(spanning)}: the {one} zero; the test alone decides.")
    if within:
        share = show.percent(data.plan.equivalence)
        one = "effect is" if len(within) == 1 else "effects are"
        sentences.append(
            f"{quoted(within)}: the estimated {one} smaller than the margin of equivalence "
            f"(± {share}), perhaps too small to matter."
        )
    return sentences


def quoted(rows: Sequence[RankedRow]) -> str:
    """The titles of some contrasts, as a sentence names them."""
    return show.listed(f"“{row.names[1]}”" for row in rows)
