"""The ranking of the tips by effect, and what it says of the sources' claims."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis.claims import (
    CONTRADICTED,
    STABILITY,
    SUPPORTED,
    VARIETY,
)
from harness.analysis.effects import BETTER, EQUIVALENT, HOLM, MAX_T, WORSE, primary
from harness.analysis.frame import each_row
from harness.analysis.learning import UNLEARNT_SHARE
from harness.analysis.ranked import RankedRow
from harness.analysis.verdicts import NOT_JUDGED
from harness.core import format as show
from harness.metrics.health import COVERAGE_FLOOR
from harness.plan.naming import reference_side, setting, tip_titles, titled
from harness.plan.path import PATH, changes, order, placed
from harness.report import second, words
from harness.report.blocks import Block, Cell, Heading, Label, Table, Tag, Text
from harness.report.data import ReportData
from harness.runs.stages import LooksRecord

TONES = {
    BETTER: "good",
    WORSE: "bad",
    EQUIVALENT: "equal",
    SUPPORTED: "good",
    CONTRADICTED: "bad",
}
SAID = {"helps": "helps", "hurts": "hurts", "no_effect": "no effect", "depends": "depends"}


def build(data: ReportData) -> list[Block]:
    """One table a metric identity, then the claims; a search ranks no tips."""
    if data.suggestions is not None:
        return []
    head = Heading("Ranking of the tips", "ranking")
    if data.ranking.empty:
        return [head, Text("This study declares no contrast.", "note")]
    blocks: list[Block] = [head, Text(_how(data))]
    if changed := _changes(data):
        blocks.append(Text(" ".join(order(changed)), "note"))
    groups = data.by_identity
    blocks += [_table(data, rows, str(name), len(groups)) for name, rows in groups.items()]
    if len(data.claims):
        blocks.append(_claims(data))
    return blocks


def _how(data: ReportData) -> str:
    plan, alpha = data.plan, data.plan.alpha
    nothing = "" if plan.evidence else " Nothing is judged in this profile."
    if plan.evidence and data.unlearnt:
        nothing = " Nothing is judged, since the reference has not learnt."
    diverged = f" {_DIVERGED}" if data.ranking["diverged"].any() else ""
    p = f"p is adjusted for all contrasts, too, by {_test(data)}; it alone makes the verdict, at "
    p += f"{show.plain(alpha)}"
    if plan.looks:
        p = _looks(plan.looks, alpha)
    elif data.ranking["p_adjusted"].isna().all():
        p = "There is no p either, so nothing can be told"
    return (
        f"An effect is the objective, {data.objective.what}, with the tip followed minus ignored, "
        f"{_else(data)}, so negative helps. Differences are taken seed "
        f"by seed. Intervals: {words.intervals(data) or f'none, {data.no_interval}'}. {p}. "
        f"{_equivalent(data)}; “inconclusive” is not “no effect”. "
        f"{_UNLEARNT} {_numbered(data)}Places in brackets are those that a tip may hold, by the "
        f"test of all pairs{_FIRST if plan.looks else ''}; a win is a seed in which following is "
        f"better.{_further(data)}{diverged}{nothing}"
    )


def _further(data: ReportData) -> str:
    """The meaning of the columns of other metrics, where there are any."""
    if not data.further:
        return ""
    return (
        " Columns “By …” have the verdict that the same test gives by another metric, and whether "
        "its effect has the sign of that here; sizes of two metrics do not compare."
    )


def _numbered(data: ReportData) -> str:
    """The meaning of #, where one table has the tips of several designs."""
    if data.ranking["design"].nunique() < 2:
        return ""
    return "# counts the tips of one design, with and without “leave one out” apart. "


def _equivalent(data: ReportData) -> str:
    if primary(len(data.plan.seeds)) != MAX_T:
        return "With fewer than six seeds nothing is called “equivalent”"
    return (
        f"“Equivalent” is an effect that is significantly within {words.region(data)}, by two "
        "one-sided sign-flip tests, adjusted by the method of Holm"
    )


def _looks(looks: LooksRecord, alpha: float) -> str:
    """Where verdicts come from: the test, and the seeds of the looks that were taken."""
    if not looks.taken:
        return "No look was taken, so nothing is judged"
    at = show.listed(str(len(look.seeds)) for look in looks.taken)
    return (
        f"Verdicts are those of the looks at {at} seeds, by {_SEQUENTIAL}, at {show.plain(alpha)}; "
        "effects and n are those of the last look at a tip"
    )


_SEQUENTIAL = (
    "sign-flip tests of each tip whose error is spent over the looks, adjusted for all contrasts "
    "by the method of Holm"
)
_FIRST = " over the seeds of the first look"
_UNLEARNT = (
    "A side that has not learnt is never better, and a tip takes no place where that side has the "
    "lower values; where it has the higher ones, the place stands. A side has not learnt where "
    "more than half of its trials collapsed, its final KID is above "
    f"{show.percent(UNLEARNT_SHARE)} of its untrained KID, or its coverage is below "
    f"{show.plain(COVERAGE_FLOOR)}."
)
_DIVERGED = (
    "A diverged trial enters with its failure value, which in the test weighs no more than the "
    "largest difference without; a verdict falls where the seeds without say the opposite or, six "
    "or more, nothing."
)


def _else(data: ReportData) -> str:
    if changes(data.plan.contrasts):
        return "all else equal, after the steps before it"
    if data.plan.crossed is not None:
        return "averaged over the levels of the other factors"
    return "all else equal"


def _test(data: ReportData) -> str:
    if primary(len(data.plan.seeds)) == HOLM:
        return (
            "Holm's paired t-test, which takes differences to be normal (with fewer than six seeds "
            "no exact test can tell anything)"
        )
    t = "moderated |t|, whose standard errors borrow from the other contrasts"
    return f"a step-down sign-flip test of the largest {t if words.moderated(data) else '|t|'}"


def _table(data: ReportData, rows: Sequence[RankedRow], identity: str, identities: int) -> Table:
    places = _places(data)
    body = [
        [
            *_cells(row, places.get(row.contrast, "")),
            *(second.cell(data, further, row.contrast) for further in data.further),
        ]
        for row in rows
    ]
    columns = ["#", "Tip", "Effect", "Interval", "n", "Wins", "p", "Diverged", "Verdict"]
    columns += [f"By {label}" for label in second.labels(data)]
    left_out = set() if any(row.diverged for row in rows) else {"Diverged"}
    left_out |= {"p"} if data.plan.looks else set()  # tests of looks give none
    kept = [place for place, column in enumerate(columns) if column not in left_out]
    numeric = {0, 2, 3, 4, 5, columns.index("p")}  # places in one line, too
    metric = f"; metric identity {identity}" if identities > 1 else ""
    return Table(
        f"Effects on {data.objective.unit}, the most helpful first{metric}",
        [columns[place] for place in kept],
        [[cells[place] for place in kept] for cells in body],
        frozenset(at for at, place in enumerate(kept) if place in numeric),
        "tables/ranking.csv",
    )


def _places(data: ReportData) -> Mapping[str, str]:
    """Of each step of a path what is before it, in its own order and in the reverse one.

    Of another tip the side that the reference has, where it has one.
    """
    steps = [contrast.name for contrast in data.plan.contrasts if contrast.design == PATH]
    sides = {tip.name: side for tip in data.plan.tips if (side := reference_side(data.plan, tip))}
    of_path = dict(zip(steps, placed(_changes(data)), strict=True))
    return {**{name: f"{side} in the reference" for name, side in sides.items()}, **of_path}


def _changes(data: ReportData) -> list[str]:
    """The changes of a path in its order, by their titles."""
    titles = tip_titles(data.plan)
    return [setting(change, titles) for change in changes(data.plan.contrasts)]


def _cells(row: RankedRow, place: str) -> list[Cell]:
    """`place`: where in a path it is or, in another design, which side the reference has."""
    title: Cell = Label(row.names[1], place) if place else row.names[1]
    texts = row.effect_text, row.interval_text, row.n_text, row.wins_text, row.p_text
    # a diverged trial enters with its failure value; in small print is the effect without
    without = Label(str(row.diverged), f"without: {row.finished_text}")
    return [row.place_text, title, *texts, without if row.diverged else show.NONE, verdict(row)]


def verdict(row: RankedRow) -> Tag:
    """The verdict on a contrast, and the reason."""
    return Tag(row.verdict_text, TONES.get(row.verdict, "neutral"), row.reason)


def _claims(data: ReportData) -> Table:
    rows: list[list[Cell]] = [
        [
            titled(row.title, row.design),
            row.source,
            _said(row),
            row.quote,
            Tag(row.judgement, TONES.get(row.judgement, "neutral"), _by(row)),
        ]
        for row in each_row(data.claims)
    ]  # fmt: skip
    columns = ["Tip", "Source", "Claims that it", "In short", "Here"]
    return Table(
        f"Claims of the sources, and the result here{_tested(data)}",
        columns,
        rows,
        csv="tables/claims.csv",
        grouped=True,
    )


def _said(row: Any) -> str:
    subject = "" if row.of == "quality" else row.of
    more = ", ".join(word for word in (subject, row.condition) if word)
    return SAID[row.effect] + (f" ({more})" if more else "")


def _by(row: Any) -> str:
    """The test that a claim was judged by, where it is not the ranking, or why it was by none."""
    if row.judgement == NOT_JUDGED:
        return str(row.reason)
    if row.of in _BY and math.isfinite(row.p_adjusted):
        return f"{_BY[row.of]}, p {show.p_value(row.p_adjusted)}"
    return _BY.get(row.of, "")


_BY = {STABILITY: "by failures", VARIETY: "by coverage"}


def _tested(data: ReportData) -> str:
    """By which tests claims of another kind than quality were judged, and how these adjust."""
    exact = primary(len(data.plan.seeds)) == MAX_T
    tests = {
        STABILITY: "of stability by McNemar's exact test of diverged and collapsed trials (Holm",
        VARIETY: f"of variety by {'the largest |t|' if exact else 'a paired t'} of coverage "
        f"({'sign flips' if exact else 'Holm'}",
    }
    tested = []
    for subject, test in tests.items():
        judged = data.claims[(data.claims["of"] == subject) & (data.claims["family"] > 0)]
        if len(judged) and data.plan.evidence:
            count = show.count(int(judged["family"].iloc[0]), "contrast")
            tested.append(f"{test} over the {count} with such a claim)")
    return f"; claims {', and '.join(tested)}" if tested else ""
