"""Files from outside the harness that a run reads, and what can be done without them."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.config.inputs.lacking import CONTENT
from harness.core import format as show
from harness.report.blocks import Block, Terms, Text
from harness.report.data import ReportData
from harness.report.private import shareable

_KINDS = {  # knob with a path → what is there, and how its content is known
    "evaluation.encoder": ("Encoder", "a file whose SHA-256 begins with {}"),
    "data.path": ("Images", "a folder or .zip with the content {}, a digest of its images"),
}
_WITHOUT = (
    "Put these files where the study names them, from the folder where `harness` is called. Their "
    "contents count, not their places: with other images every training is another one, and KIDs "
    "by another encoder do not compare with those here. Without the files `harness report` still "
    "renders this page from the record (in runs/, or published in reports/<run name>/record/), but "
    "nothing more can be trained or scored; `harness plan` names what is missing or different."
)


def list_files(data: ReportData) -> Iterator[Block]:
    """The files by their contents, with the cells that read them; nothing where there are none."""
    rows = list(_files(data))
    if rows:
        yield Terms("Files that it reads, and that are not part of the harness", rows)
        yield Text(_WITHOUT, "note")
    if data.plan.plugins:
        yield Text("It needs the plug-ins above, with the same content.", "note")


def _files(data: ReportData) -> Iterator[tuple[str, str]]:
    readers: dict[tuple[str, str, str], list[str]] = {}
    for label, config in data.frames.configs.items():
        for file in _named(config):
            readers.setdefault(file, []).append(data.names[label])
    for metric in data.plan.metrics:
        for file in _named(metric):
            readers.setdefault(file, []).append("a further metric")
    for (knob, path, content), names in readers.items():
        kind, known = _KINDS[knob]
        whose = f" ({show.listed(names)})" if len(names) < len(data.frames.configs) else ""
        yield kind, f"{knob} = {path}: {known.format(content)}{whose}"


def _named(knobs: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Knob, path and content of what a configuration names; built-in encoders have no content."""
    for knob, content in CONTENT.items():
        if knobs.get(knob) and knobs.get(content):
            yield knob, str(shareable(knobs[knob])), knobs[content].removesuffix("-bytes")
