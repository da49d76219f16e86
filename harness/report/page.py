"""Write a report: one page, the same as Markdown, tables with all digits, figures for papers."""

import base64
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from harness.analysis.frame import load
from harness.catalog import SECTIONS
from harness.config.runtime import Runtime
from harness.plots.style import INK, MUTED, PALETTE, PAPER, RULE
from harness.report import format as show
from harness.report import words
from harness.report.blocks import Block, Figure, Gallery, Heading
from harness.report.data import ReportData, analyse
from harness.report.markdown import markdown

TEMPLATES = Path(__file__).parent / "templates"
THEME = dict(
    zip(
        (INK, MUTED, RULE, PAPER, *PALETTE),
        ("ink", "muted", "rule", "paper", "blue", "orange", "green", "pink", "amber", "sky"),
        strict=True,
    )
)
"""Colour in a figure → the page's variable for it, which follows the reader's light or dark."""
OURS = frozenset({"index.html", "report.md", "tables", "figures"})


def render(run_name: str, runtime: Runtime) -> Path:
    """Write reports/<run name>/ anew from the record; the path of its page."""
    data = analyse(load(run_name, runtime))
    blocks = [block for name in SECTIONS for block in SECTIONS.load(name)(data)]
    folder = runtime.reports / run_name
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        _write(temporary, data, blocks)
        _swap(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder / "index.html"


def _write(folder: Path, data: ReportData, blocks: Sequence[Block]) -> None:
    for part in ("tables", "figures"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for name, table in _tables(data):
        table.to_csv(folder / "tables" / f"{name}.csv", index=False)
    for block in blocks:
        if isinstance(block, Figure):
            (folder / "figures" / f"{block.name}.svg").write_text(block.drawing.svg, "utf-8")
            (folder / "figures" / f"{block.name}.png").write_bytes(block.drawing.png)
        elif isinstance(block, Gallery):
            for picture in block.pictures:
                (folder / "figures" / f"{picture.name}.png").write_bytes(picture.png)
    (folder / "index.html").write_text(html(data, blocks), "utf-8")
    (folder / "report.md").write_text(markdown(data.plan, blocks), "utf-8")


def _tables(data: ReportData) -> Iterator[tuple[str, pd.DataFrame]]:
    yield "ranking", data.ranking
    yield "claims", data.claims
    yield "cells", data.cells
    trials = data.frames.trials
    yield "trials", trials.assign(message=trials["message"].map(show.redact))
    yield "curves", data.frames.curves
    yield "cost", data.costs
    if data.points is not None and data.untuned is not None:
        yield "tuning", data.points
        yield "untuned", data.untuned
    if data.suggestions is not None:
        yield "search", data.suggestions


def _swap(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder`; what others keep in there is carried over."""
    if not folder.exists():
        new.rename(folder)
        return
    for entry in folder.iterdir():
        if entry.name not in OURS:
            entry.rename(new / entry.name)
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old)


def html(data: ReportData, blocks: Sequence[Block]) -> str:
    """The page: everything inside it, nothing asked of any server."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["themed"] = themed
    environment.filters["data_uri"] = _data_uri
    environment.filters["breakable"] = breakable
    environment.filters["counted"] = show.count
    environment.filters["inked"] = inked
    css = (TEMPLATES / "style.css").read_text("utf-8")
    page = environment.get_template("page.html.j2")
    return page.render(
        plan=data.plan,
        blocks=blocks,
        headings=[block for block in blocks if isinstance(block, Heading)],
        css=Markup(css),  # ours, and no text of anybody else is in it
        interim=words.interim(data),
    )


def themed(svg: str, prefix: str) -> Markup:
    """A figure for the page: inks follow the page's theme, ids are its own, size is the page's."""
    for colour in THEME:
        svg = svg.replace(colour, inked(colour))
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    head, rest = svg.split(">", 1)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head)
    # text in figures is escaped by matplotlib
    return Markup(f'{head} aria-hidden="true">{rest}')


def inked(colour: str) -> str:
    """A colour of the figures as the page's own, which follows the reader's light or dark."""
    return f"var(--{THEME[colour]})" if colour in THEME else colour


def breakable(text: str) -> Markup:
    """Text whose long names may break after `_`, `=` and `.`, and not amid a word or number."""
    return Markup(re.sub(r"(\w\w[_=.])(?=[^\W\d]\w)", r"\1<wbr>", str(escape(text))))


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
