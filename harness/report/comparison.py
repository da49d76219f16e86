"""The page that sets runs side by side."""

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from harness.analysis.compare import Comparison, equivalent_within, margins_apart
from harness.analysis.compare import scale as scale_of
from harness.analysis.frame import Frames, each_row
from harness.config.identity import digest
from harness.config.runtime import Runtime
from harness.core import format as show
from harness.report import overview, pooled
from harness.report.blocks import Block, Cell, Code, Figure, Heading, Items, Label, Table, Tag, Text
from harness.report.compared import agreement, headline, run_by_run
from harness.report.html import Front
from harness.report.named_runs import name_runs, renamed
from harness.report.page import publish
from harness.report.plots.critical_difference import diagram_info, draw_diagram
from harness.report.plots.side_by_side import draw_side_by_side, side_by_side_info
from harness.report.same_cells import shared_cells
from harness.report.sections.ranking import TONES
from harness.report.sketch import Sketch

LONGEST = 80  # letters of a folder's name
KIND = "compared"
PANELS = 3  # measures in one figure
WITHIN = "Equivalent within"


def render(comparison: Comparison, frames: Mapping[str, Frames], runtime: Runtime) -> Path:
    """Write reports/<names>/ with the tables of a comparison; the path of its page."""
    names = list(frames)
    name = f"{KIND}-{'-'.join(names)}"
    if len(name) > LONGEST:
        name = f"{KIND}-{digest(names, 8)}"
    tables = _tables(comparison)
    question = "What do these runs agree on, and what has moved between them?"
    called = name_runs(comparison.runs)
    front = Front(name, called.title, question, [show.count(len(names), "run")], [])
    comparison, frames = renamed(comparison, frames, called.names)
    blocks = _blocks(comparison, frames, called.where)
    summary = {
        "title": called.title,
        "question": question,
        "verdict": headline(comparison, called.where),
        "trials": int(comparison.runs["planned"].sum()),
        "finished": int(comparison.runs["finished"].sum()),
        "outcome": "; ".join(f"{row.run}: {row.outcome}" for row in each_row(comparison.runs)),
    }

    def more(folder: Path) -> None:
        overview.write_summary(folder, summary, blocks)
        if comparison.pooled:
            (folder / pooled.TEX).write_text(pooled.tex(comparison.pooled, name), "utf-8")

    return publish(runtime.reports, front, blocks, tables, more)


def _measures(comparison: Comparison) -> list[str]:
    return list(dict.fromkeys([*comparison.effects["measure"], *comparison.drift["measure"]]))


def _parts(comparison: Comparison, name: str) -> list[tuple[str, pd.DataFrame]]:
    """A table of `found` by measure: the name of each part's file, and its rows."""
    table, measures = getattr(comparison, name), _measures(comparison)
    if name == "changed":  # of a row with two measures only signs compare
        table = table[table["measure_a"] == table["measure_b"]]
        table = table.assign(measure=table["measure_a"])
    parts = [
        (number, table[table["measure"] == measure]) for number, measure in enumerate(measures, 1)
    ]
    several = len(measures) > 1
    return [(f"{name}_{number}" if several else name, rows) for number, rows in parts if len(rows)]


def _turned(comparison: Comparison) -> pd.DataFrame:
    """Changed signs between two measures, in words: their sizes do not compare."""
    rows = comparison.changed[comparison.changed["measure_a"] != comparison.changed["measure_b"]]
    helps = {name: [_SIGNS[v < 0] for v in rows[f"effect_{name}"]] for name in ("a", "b")}
    return rows.drop(columns=["effect_a", "effect_b"]).assign(sign_a=helps["a"], sign_b=helps["b"])


_SIGNS = {True: "helps", False: "hurts"}


def _tables(comparison: Comparison) -> dict[str, pd.DataFrame]:
    split = {name: dict(_parts(comparison, name)) for name in ("effects", "changed", "drift")}
    tables = {"runs": comparison.runs, **split["effects"], "agreement": comparison.agreement,
              **split["changed"], "turned": _turned(comparison), **split["drift"],
              "ranks": comparison.ranks, **pooled.tables(comparison.pooled)}  # fmt: skip
    return {name: table for name, table in tables.items() if len(table)}


def _blocks(comparison: Comparison, frames: Mapping[str, Frames], where: str) -> list[Block]:
    blocks: list[Block] = [
        Text(headline(comparison, where), "lead"),
        Text(_MEASURED, "measured"),
        *_first(comparison, where),
        Heading("The runs", "runs"),
        _runs(comparison),
        *(pooled.blocks(comparison.pooled) if comparison.pooled else []),
    ]
    blocks += [Heading("Effects side by side", "effects")]
    if comparison.effects.empty:
        return [*blocks, Text("These runs have no contrast in common.", "note")]
    if len(_measures(comparison)) > 1:
        blocks.append(Text(_APART, "note"))
    parts = _parts(comparison, "effects")
    blocks += _forests([rows for _, rows in parts], where)
    apart = bool(margins_apart(comparison.runs))
    blocks += [_effects(name, rows, apart) for name, rows in parts]
    blocks += [Heading("Agreement", "agreement"), _agreement(comparison)]
    blocks += [_changed(name, rows) for name, rows in _parts(comparison, "changed")]
    if len(turned := _turned(comparison)):
        blocks.append(_signs(turned))
    if len(comparison.ranks) > 2:
        alpha = min(run.plan.alpha for run in frames.values())
        blocks.append(_diagram(comparison, len(frames), alpha))
    blocks += shared_cells(comparison, frames)
    if len(comparison.drift):
        blocks += [Heading("Drift", "drift"), Text(_DRIFT)]
        blocks += [_drift(name, rows) for name, rows in _parts(comparison, "drift")]
    pool = ["--pool"] if comparison.pooled else []
    again = shlex.join(["harness", "compare", *comparison.runs["id"], *pool])
    return [*blocks, Heading("Run it again", "again"), Text(_AGAIN), Code(again)]


def _first(comparison: Comparison, where: str) -> Iterator[Block]:
    """Cautions, the verdicts run by run, and whether their orders agree."""
    cautions = margins_apart(comparison.runs, where)
    cautions += comparison.pooled.cautions if comparison.pooled else []
    if cautions:
        yield Items("Before you read the numbers", cautions, "warning")
    if told := run_by_run(comparison, where):
        yield Items("Run by run", told)
    if agreed := agreement(comparison):
        yield Text(agreed, "note")


_MEASURED = (
    "An effect is the objective of a run with a tip followed less that with it ignored, seed by "
    "seed, so negative helps. KID, the Kernel Inception Distance, measures how far generated "
    "images are from real ones; 0 is best."
)
_APART = (
    "These runs were not all judged by one objective under one metric identity. Effects of "
    "different ones are on different scales: each has a separate table, and between tables only "
    "signs and order compare."
)
_AGAIN = (
    "The records of these runs are all that is read, in runs/ or in reports/<run name>/record/; "
    "each run's report says how to train it again, and from which files:"
)
_DRIFT = (
    "Cells that two runs trained with the same knobs, seeds and metric. Trials of one key are one "
    "training and cannot differ; others were trained by other code, on other machines or in other "
    "folders, and a difference is drift."
)


def _runs(comparison: Comparison) -> Table:
    rows: list[list[Cell]] = [
        [Label(row.run, row.id) if row.id != row.run else row.run,
         f"{row.data}, {row.pixels} px", show.plain(row.kimg), str(row.seeds), row.outcome,
         Label(row.objective, row.identity or "nothing is scored yet"),
         Label(*equivalent_within(row)), row.code or show.NONE]
        for row in each_row(comparison.runs)
    ]  # fmt: skip
    columns = ["Run", "Data", "kimg", "Seeds", "Trials", "Objective, by metric identity", WITHIN,
               "Code"]  # fmt: skip
    caption = "Images, training, metric and code of each run"
    return Table(caption, columns, rows, frozenset({2, 3}), "tables/runs.csv")


def _forests(parts: Sequence[pd.DataFrame], where: str) -> Iterator[Figure]:
    """Figures of the effects, with as many measures in each as fit next to each other."""
    for number, start in enumerate(range(0, len(parts), PANELS), 1):
        panels = [
            side_by_side_info(rows, *scale_of(rows["measure"].iloc[0]))
            for rows in parts[start : start + PANELS]
        ]
        verdicts = "; ".join(
            f"{group.title}: {line.verdict} {where} {line.run}"
            for panel in panels
            for group in panel.groups
            for line in group.lines
        )
        yield Figure(
            "effects" if len(parts) <= PANELS else f"effects-{number}",
            Sketch(draw_side_by_side, panels),
            f"Effects with intervals in each run. {verdicts}.",
            "Effects, following minus ignoring, with each run's intervals for all of its contrasts "
            "at once. Triangles are verdicts: down better, up worse; a square is equivalent, a "
            "ring none of these. The band is the run's zone of equivalence."
            + (" Each panel has its scale." if len(panels) > 1 else ""),
        )


def _effects(name: str, effects: pd.DataFrame, apart: bool) -> Table:
    """`apart`: margins of equivalence differ between the runs of the page, so each row has its."""
    scale, unit = scale_of(effects["measure"].iloc[0])
    rows: list[list[Cell]] = [
        [row.title, row.run, show.kid(row.effect, signed=True, scale=scale),
         show.interval(row.low, row.high, scale=scale),
         *([_margin(row.margin, scale)] if apart else []), str(row.n),
         Tag(row.verdict, TONES.get(row.verdict, "neutral"), row.reason)]
        for row in each_row(effects)
    ]  # fmt: skip
    columns = ["Tip", "Run", "Effect", "Interval", *([WITHIN] if apart else []), "n", "Verdict"]
    runs = show.listed(dict.fromkeys(effects["run"]))
    caption = f"Effects in {unit}: {runs}; by {effects['measure'].iloc[0]}"
    numeric = frozenset(range(2, len(columns) - 1))
    return Table(caption, columns, rows, numeric, f"tables/{name}.csv", grouped=True)


def _margin(half: float, scale: float) -> str:
    return f"± {show.kid(half, scale=scale)}" if math.isfinite(half) else show.NONE


def _agreement(comparison: Comparison) -> Table:
    rows: list[list[Cell]] = [
        [row.a, row.b, str(row.contrasts), show.number(row.tau, 2, signed=True),
         show.p_value(row.p)]
        for row in each_row(comparison.agreement)
    ]  # fmt: skip
    caption = "Kendall's τ-b of the effects: 1 the same order, −1 the reverse"
    columns = ["Run", "Other run", "Common", "τ-b", "p"]
    return Table(caption, columns, rows, frozenset({2, 3, 4}), "tables/agreement.csv")


def _changed(name: str, changed: pd.DataFrame) -> Table:
    scale, unit = scale_of(changed["measure"].iloc[0])
    rows: list[list[Cell]] = [
        [row.title, row.a, show.kid(row.effect_a, signed=True, scale=scale), row.b,
         show.kid(row.effect_b, signed=True, scale=scale), _sure(row)]
        for row in each_row(changed)
    ]  # fmt: skip
    columns = ["Tip", "Run", "Effect", "Other run", "Its effect", "Verdicts"]
    caption = f"Effects whose sign changed, in {unit}: {changed['measure'].iloc[0]}"
    return Table(caption, columns, rows, frozenset({2, 4}), f"tables/{name}.csv")


def _signs(turned: pd.DataFrame) -> Table:
    rows: list[list[Cell]] = [
        [row.title, row.a, row.sign_a, row.b, row.sign_b, _sure(row)] for row in each_row(turned)
    ]
    columns = ["Tip", "Run", "It", "Other run", "There it", "Verdicts"]
    caption = "Effects whose sign changed between runs that were judged on different scales"
    return Table(caption, columns, rows, csv="tables/turned.csv")


def _sure(row: Any) -> Cell:
    return Tag("both significant", "bad") if row.judged else "not significant"


def _diagram(comparison: Comparison, runs: int, alpha: float) -> Figure:
    info = diagram_info(comparison.ranks, runs, alpha)
    ranks = ", ".join(
        f"{n} {show.number(r, 2)}" for n, r in zip(info.names, info.ranks, strict=True)
    )
    return Figure(
        "critical-difference",
        Sketch(draw_diagram, info),
        f"Critical-difference diagram of mean ranks over {runs} runs: {ranks}.",
        "Mean ranks over the runs, each on its own scale; a bar on the right joins tips whose "
        f"ranks do not differ by the Nemenyi test at {show.plain(alpha)}. Whether two differ "
        "depends on which others are ranked, and a few runs are weak evidence: read it after the "
        "effects.",
    )


def _drift(name: str, drift: pd.DataFrame) -> Table:
    scale, unit = scale_of(drift["measure"].iloc[0])
    rows: list[list[Cell]] = [
        [row.title, row.a, row.b, str(row.same), str(row.n),
         show.kid(row.difference, signed=True, scale=scale),
         show.interval(row.low, row.high, scale=scale)]
        for row in each_row(drift)
    ]  # fmt: skip
    columns = ["Cell", "Run", "Other run", "Same trials", "Others", "Difference", "Interval"]
    measure = drift["measure"].iloc[0]
    caption = f"Differences of equal cells, the other run less the run, in {unit}: {measure}"
    return Table(caption, columns, rows, frozenset({3, 4, 5, 6}), f"tables/{name}.csv")
