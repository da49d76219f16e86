"""The list of all reports: reports/index.html, from the summary of each report."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.core.files import write_atomically, write_json
from harness.report import words
from harness.report.blocks import Block, Gallery
from harness.report.cited import Introductions
from harness.report.data import ReportData
from harness.report.html import filled
from harness.runs.status import Status

SUMMARY, PICTURE = "summary.json", "picture.webp"


class Entry(NamedTuple):
    """A report in the list; of one that another version wrote, maybe no more than its name."""

    name: str
    title: str
    question: str = ""
    verdict: str = ""
    evidence: bool = True
    learnt: bool = True
    trials: int = 0
    finished: int = 0
    outcome: str = ""  # how its trials ended, in words
    trained: str = ""  # the day of its last training
    picture: bytes = b""


def summary(data: ReportData) -> dict[str, Any]:
    """The entry of a study's report in the list of reports."""
    at = data.frames.environments["at"]
    return {
        "title": data.plan.title,
        "question": data.plan.question,
        "verdict": words.verdict(data),
        "evidence": data.plan.evidence,
        "learnt": _learnt(data),
        "trials": len(data.frames.trials),
        "finished": data.outcomes.finished,
        "outcome": data.outcomes.sentence,
        "outcomes": data.outcomes.to_json(),
        "trained": str(max(at))[:10] if len(at) else "",
    }


def _learnt(data: ReportData) -> bool | None:
    """Whether the reference has, without which nothing is judged; None: no trial of it finished."""
    trials = data.frames.trials
    ended = (trials["cell"] == data.plan.reference) & (trials["status"] == Status.FINISHED)
    return not data.unlearnt if ended.any() else None


def write_summary(folder: Path, summary: Mapping[str, Any], blocks: Sequence[Block]) -> None:
    """Write a report's summary, and the first picture of samples at its last moment."""
    write_json(folder / SUMMARY, dict(summary))
    galleries = [block for block in blocks if isinstance(block, Gallery)]
    galleries.sort(key=lambda gallery: not gallery.film)  # whole grids, which the glimpse has not
    strips = [strip for gallery in galleries for strip in gallery.strips if not strip.real]
    if strips:
        (folder / PICTURE).write_bytes(strips[0].pictures[-1].webp)


def write(reports: Path) -> None:
    """Write the list: the newest training first, reports without a date last."""
    pages = (path for path in reports.glob("*/index.html") if not path.parent.name.startswith("."))
    entries = sorted(map(_entry, pages), key=lambda entry: entry.name)
    entries.sort(key=lambda entry: entry.trained, reverse=True)
    page = Introductions()
    told = [
        entry._replace(question=page.text(entry.question), verdict=page.text(entry.verdict))
        for entry in entries
    ]
    write_atomically(reports / "index.html", filled("index.html.j2", entries=told))


def _entry(page: Path) -> Entry:
    folder = page.parent
    summary = _said(folder / SUMMARY)
    known = {
        name: summary[name]
        for name, kind in Entry.__annotations__.items()
        if name not in ("name", "picture") and isinstance(summary.get(name), kind)
    }
    picture = folder / PICTURE
    image = picture.read_bytes() if picture.exists() else b""
    return Entry(**{"name": folder.name, "title": folder.name, **known, "picture": image})


def _said(path: Path) -> dict[str, Any]:
    """The summary of a report; empty where there is none, or none that can be read."""
    try:
        summary = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return summary if isinstance(summary, dict) else {}
