"""What a record still knows of files that are not on this machine."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from harness.config.inputs.content import Recorded
from harness.config.inputs.encoder_file import looked_for
from harness.config.runtime import Runtime
from harness.core.files import read_json


def encoder_in_record(study: str, runtime: Runtime) -> Recorded:
    """path of an encoder → its content in the runs of a study, here or beside their reports.

    None where no run names it, or runs name several: then only the file can say. What was run here
    counts before what was published.
    """
    here = partial(runtime.runs.glob, "studies/*/plan.json")
    published = partial(runtime.reports.glob, "*/record/studies/*/plan.json")

    def content(path: str) -> str | None:
        named = (_contents(path, study, files()) for files in (here, published))
        found = next(filter(None, named), set[str]())
        return found.pop() if len(found) == 1 else None

    return content


def lacking(files: Mapping[str, str]) -> list[str]:
    """What to do about encoder files (path → content) that are not here: a line each."""
    return [
        f"evaluation.encoder: {path}{looked_for(Path(path))}: put there the file whose SHA-256 "
        f"begins with {content.removesuffix('-bytes')}, which the record of this study was scored "
        "with; without it nothing can be trained or scored, and another file gives KIDs that do "
        "not compare with the record"
        for path, content in files.items()
    ]


def _contents(path: str, study: str, files: Iterable[Path]) -> set[str]:
    plans = [plan for file in files if (plan := read_json(file)) and plan["study"] == study]
    knobs = [cell["config"] for plan in plans for cell in plan["cells"]]
    named = [one for one in knobs if one.get("evaluation.encoder") == path]
    return {content for one in named if (content := one.get("evaluation.encoder_content"))}
