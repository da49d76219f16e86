"""Write a report: one page, the same as Markdown, tables with all digits, figures for papers."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from harness.analysis.closed import decisions
from harness.analysis.frame import load
from harness.analysis.further import agreement
from harness.config.catalog import SECTIONS
from harness.config.runtime import Runtime
from harness.core import format as show
from harness.core.files import alone
from harness.core.leftovers import discard, passing, sweep
from harness.report import overview, pooled, second, words
from harness.report.blocks import Block, Figure, Gallery
from harness.report.cited import with_sources
from harness.report.data import ReportData, analyse
from harness.report.html import Front, render_html
from harness.report.latex import ranking_tex
from harness.report.markdown import render_markdown
from harness.report.private import redact
from harness.report.studio import Studio
from harness.report.summary import Summary, summarise

PICTURES = "samples"  # the section whose pictures take long
OURS = frozenset(
    {"index.html", "report.md", "ranking.tex", pooled.TEX, "tables", "figures",
     overview.SUMMARY, overview.PICTURE}
)  # fmt: skip


def render(run_name: str, runtime: Runtime, studio: Studio | None = None) -> Summary:
    """Write reports/<run name>/ from the record, and the list of reports; a summary of it.

    `studio`: a process that draws meanwhile.
    """
    data = analyse(load(run_name, runtime))
    sections: dict[str, list[Block]] = {}
    for name in sorted(SECTIONS, key=PICTURES.__eq__):  # last, while the figures are drawn
        sections[name] = SECTIONS.load(name)(data)
        if studio:
            studio.begin(sections[name])
    blocks = [block for name in SECTIONS for block in sections[name]]

    def more(folder: Path) -> None:
        (folder / "ranking.tex").write_text(ranking_tex(data), "utf-8")
        overview.write_summary(folder, overview.summary(data), blocks)

    publish(runtime.reports, _front(data), blocks, dict(_tables(data)), more)
    return summarise(data, runtime)


def publish(
    reports: Path,
    front: Front,
    blocks: Sequence[Block],
    tables: Mapping[str, pd.DataFrame],
    more: Callable[[Path], None],
) -> Path:
    """Write a folder of reports/ in one go, what `more` adds to it, and the list of reports."""
    folder = reports / front.name
    front, blocks = with_sources(front, blocks)
    sweep(reports, folder)
    temporary = passing(folder)
    try:
        _write(temporary, front, blocks, tables)
        more(temporary)
        _swap(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    overview.write(reports)
    return folder / "index.html"


def _write(
    folder: Path, front: Front, blocks: Sequence[Block], tables: Mapping[str, pd.DataFrame]
) -> None:
    for part in ("tables", "figures"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    texts = {f"tables/{name}.csv": table.to_csv(index=False) for name, table in tables.items()}
    for path, text in texts.items():
        (folder / path).write_text(text, "utf-8")
    for block in blocks:
        if isinstance(block, Figure):
            (folder / "figures" / f"{block.name}.svg").write_text(block.draw.drawing.svg, "utf-8")
            (folder / "figures" / f"{block.name}.png").write_bytes(block.draw.drawing.png)
        elif isinstance(block, Gallery):
            for name, png in block.files.items():
                (folder / "figures" / f"{name}.png").write_bytes(png)
    (folder / "index.html").write_text(render_html(front, blocks, texts), "utf-8")
    (folder / "report.md").write_text(render_markdown(front, blocks), "utf-8")


def _front(data: ReportData) -> Front:
    plan = data.plan
    profile = [f"profile {plan.profile}"] if plan.profile else []
    facts = [*profile, f"{show.count(len(plan.cells), 'cell')} × {plan.seeds_each}"]
    flags = ["interim analysis"] if words.interim(data) else []
    flags += [] if plan.evidence else ["no evidence"]
    flags += ["not learnt"] if data.unlearnt else []
    return Front(plan.run_name, plan.title, plan.question, facts, flags)


def _tables(data: ReportData) -> Iterator[tuple[str, pd.DataFrame]]:
    yield "ranking", data.ranking.assign(**second.columns(data))
    if data.further:
        yield "agreement", agreement(data.further)
    yield "claims", data.claims
    yield "cells", data.cells
    trials = data.frames.trials
    yield "trials", trials.assign(message=trials["message"].map(redact))
    # the rest of what is known of a trial stands once, in the table of the trials
    yield "curves", data.frames.curves.drop(columns=["key", "status", "identity"])
    yield "cost", data.costs
    yield "failures", data.failures
    yield "noise", data.noise
    if len(data.frames.nearest):
        yield "nearest", data.frames.nearest
    if len(data.interactions):
        yield "interactions", data.interactions
    if data.points is not None and data.untuned is not None:
        yield "tuning", data.points
        yield "untuned", data.untuned
    if data.suggestions is not None:
        yield "search", data.suggestions
    if data.plan.looks and data.plan.looks.taken:
        yield "looks", decisions(data.plan.looks)


def _swap(new: Path, folder: Path) -> None:
    """Put the parts of `new` in the places of those in `folder`; what others keep there stays.

    The page comes last: a kill in between leaves a report whose parts are each whole.
    """
    folder.mkdir(exist_ok=True)
    with alone(folder):  # two drivers of one run may end at once
        for name in sorted(OURS, key=lambda name: name == "index.html"):
            part = new / name
            if part.is_dir() or not part.exists() or (folder / name).is_dir():
                discard(folder / name)
            if part.exists():
                part.replace(folder / name)
