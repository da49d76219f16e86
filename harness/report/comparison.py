"""The page that sets runs side by side."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from harness.analysis.compare import Comparison
from harness.analysis.frame import Frames, each_row
from harness.config.identity import digest
from harness.config.runtime import Runtime
from harness.plots.critical_difference import diagram_info, draw_diagram
from harness.report import format as show
from harness.report import overview
from harness.report.blocks import Block, Cell, Figure, Heading, Table, Tag, Text, figure
from harness.report.html import Front
from harness.report.page import publish
from harness.report.sections.ranking import TONES

LONGEST = 80  # letters of a folder's name
KIND = "compared"


def render(found: Comparison, frames: Mapping[str, Frames], runtime: Runtime) -> Path:
    """Write reports/<names>/ with the tables of a comparison; the path of its page."""
    names = list(frames)
    name = f"{KIND}-{'-'.join(names)}"
    if len(name) > LONGEST:
        name = f"{KIND}-{digest(names, 8)}"
    tables = {part: table for part, table in found._asdict().items() if len(table)}
    question = "What do these runs agree on, and what has moved between them?"
    title = f"{', '.join(names[:-1])} and {names[-1]}"
    front = Front(name, title, question, [show.count(len(names), "run")], [], list(tables))
    blocks = _blocks(found, frames)
    said = {
        "title": title,
        "question": question,
        "verdict": _verdict(found),
        "trials": int(found.runs["planned"].sum()),
        "finished": int(found.runs["finished"].sum()),
        "outcome": "; ".join(f"{row.run}: {row.outcome}" for row in each_row(found.runs)),
    }
    more = partial(overview.write_summary, said=said, blocks=blocks)
    return publish(runtime.reports, front, blocks, tables, more)


def _blocks(found: Comparison, frames: Mapping[str, Frames]) -> list[Block]:
    blocks: list[Block] = [Text(_verdict(found), "lead"), Heading("The runs", "runs"), _runs(found)]
    blocks += [Heading("Effects side by side", "effects")]
    if found.effects.empty:
        return [*blocks, Text("These runs have no contrast in common.", "note")]
    blocks += [_effects(found), Heading("Agreement", "agreement"), _agreement(found)]
    if len(found.changed):
        blocks.append(_changed(found))
    if len(found.ranks) > 2:
        alpha = min(float(own.plan["alpha"]) for own in frames.values())
        blocks.append(_diagram(found, len(frames), alpha))
    if len(found.drift):
        blocks += [Heading("Drift", "drift"), Text(_DRIFT), _drift(found)]
    return blocks


_DRIFT = (
    "Cells that two runs trained with the same knobs, seeds and metric. Trials of one key are one "
    "training and cannot differ; others were trained by other code, on other machines or in other "
    "folders, and a difference is drift."
)


def _verdict(found: Comparison) -> str:
    if found.effects.empty:
        return "These runs have no contrast in common."
    contrasts = found.effects["contrast"].nunique()
    sure = found.changed.loc[found.changed["judged"], "contrast"].nunique()
    moved = (
        f"{show.count(sure, 'tip')} {'helps' if sure == 1 else 'help'} in one run and "
        f"{'hurts' if sure == 1 else 'hurt'} in another, by both verdicts."
        if sure
        else "No verdict of one run contradicts that of another."
    )
    common = show.count(contrasts, "common contrast")
    return f"{common}; rank agreement {_agreed(found)}. {moved}"


def _agreed(found: Comparison) -> str:
    taus = found.agreement["tau"]
    low, high = (show.number(tau, 2, signed=True) for tau in (taus.min(), taus.max()))
    if len(taus) == 1:
        return f"τ = {low}"
    return f"τ from {low} to {high} over {show.count(len(taus), 'pair')} of runs"


def _runs(found: Comparison) -> Table:
    rows: list[list[Cell]] = [
        [row.run, f"{row.data}, {row.pixels} px", f"{row.kimg:g}", str(row.seeds),
         row.outcome, row.objective, row.identity or show.NONE,
         row.code or show.NONE]
        for row in each_row(found.runs)
    ]  # fmt: skip
    columns = ["Run", "Data", "kimg", "Seeds", "Trials", "Objective", "Metric identity", "Code"]
    return Table("What was run", columns, rows, frozenset({2, 3}), "tables/runs.csv")


def _effects(found: Comparison) -> Table:
    rows: list[list[Cell]] = [
        [row.title, row.run, show.kid(row.effect, signed=True), show.interval(row.low, row.high),
         str(row.n), Tag(row.verdict, TONES.get(row.verdict, "neutral"))]
        for row in each_row(found.effects)
    ]  # fmt: skip
    columns = ["Tip", "Run", "Effect", "Interval", "n", "Verdict"]
    caption = "Effects × 10³, each on its own run's metric: compare signs and order, not sizes"
    return Table(caption, columns, rows, frozenset({2, 3, 4}), "tables/effects.csv", grouped=True)


def _agreement(found: Comparison) -> Table:
    rows: list[list[Cell]] = [
        [row.a, row.b, str(row.contrasts), show.number(row.tau, 2, signed=True),
         show.p_value(row.p)]
        for row in each_row(found.agreement)
    ]  # fmt: skip
    caption = "Kendall's τ of the effects: 1 the same order, −1 the reverse"
    columns = ["Run", "Other run", "Common", "τ", "p"]
    return Table(caption, columns, rows, frozenset({2, 3, 4}), "tables/agreement.csv")


def _changed(found: Comparison) -> Table:
    def sure(row: Any) -> Cell:
        return Tag("both sure", "bad") if row.judged else "not sure"

    titles = found.effects.set_index("contrast")["title"].groupby(level=0).first()
    rows: list[list[Cell]] = [
        [titles[row.contrast], row.a, show.kid(row.effect_a, signed=True), row.b,
         show.kid(row.effect_b, signed=True), sure(row)]
        for row in each_row(found.changed)
    ]  # fmt: skip
    columns = ["Tip", "Run", "Effect", "Other run", "Its effect", "Verdicts"]
    caption = "Effects whose sign changed"
    return Table(caption, columns, rows, frozenset({2, 4}), "tables/changed.csv")


def _diagram(found: Comparison, runs: int, alpha: float) -> Figure:
    info = diagram_info(found.ranks, runs, alpha)
    ranks = ", ".join(f"{n} {r:.2f}" for n, r in zip(info.names, info.ranks, strict=True))
    return figure(
        "critical-difference",
        partial(draw_diagram, info),
        f"Critical-difference diagram of mean ranks over {runs} runs: {ranks}.",
        "Mean ranks over the runs; a bar joins what the Nemenyi test cannot tell apart at "
        f"{show.plain(alpha)}. Whether two differ depends on which others are ranked, and a few "
        "runs tell little: read it after the effects.",
    )


def _drift(found: Comparison) -> Table:
    rows: list[list[Cell]] = [
        [row.cell, row.a, row.b, str(row.same), str(row.n), show.kid(row.difference, signed=True),
         show.interval(row.low, row.high)]
        for row in each_row(found.drift)
    ]  # fmt: skip
    columns = ["Cell", "Run", "Other run", "Same trials", "Others", "Difference", "Interval"]
    return Table("Differences × 10³ of equal cells, the other run less the run", columns, rows,
                 frozenset({3, 4, 5, 6}), "tables/drift.csv")  # fmt: skip
