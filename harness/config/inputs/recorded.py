"""Facts from the record about files that are not on this machine."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from harness.config.inputs.content import Recorded
from harness.config.inputs.encoder_file import looked_for
from harness.config.runtime import Runtime
from harness.core.files import read_json


def encoder_in_record(study: str, runtime: Runtime) -> Recorded:
    """path of an encoder → its content in the runs of a study, or in their published records.

    None if no run names it or runs name different ones: then only the file can tell. Runs on this
    machine take precedence over published ones.
    """
    here = partial(runtime.runs.glob, "studies/*/plan.json")
    published = partial(runtime.reports.glob, "*/record/studies/*/plan.json")

    def content(path: str) -> str | None:
        named = (_contents(path, study, files()) for files in (here, published))
        contents = next(filter(None, named), set[str]())
        return contents.pop() if len(contents) == 1 else None

    return content


def lacking(files: Mapping[str, str]) -> list[str]:
    """Advice on missing encoder files (path → content), one line each."""
    return [
        f"evaluation.encoder: {path}{looked_for(Path(path))}: missing. Put the file there whose "
        f"SHA-256 begins with {content.removesuffix('-bytes')}: this study was scored with it, "
        "and KIDs of another encoder are not comparable"
        for path, content in files.items()
    ]


def _contents(path: str, study: str, files: Iterable[Path]) -> set[str]:
    plans = [plan for file in files if (plan := read_json(file)) and plan["study"] == study]
    knobs = [cell["config"] for plan in plans for cell in plan["cells"]]
    named = [one for one in knobs if one.get("evaluation.encoder") == path]
    return {content for one in named if (content := one.get("evaluation.encoder_content"))}
