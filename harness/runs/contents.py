"""Contents of files that are not on this machine, from records of the trials that used them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.config.inputs.lacking import Recorded
from harness.config.runtime import Runtime
from harness.core.errors import Damaged
from harness.runs.layout import plan_file, published_plans, run_names
from harness.runs.plan import read_plan


def content_in_record(study: str, runtime: Runtime) -> Recorded:
    """Contents of files as the runs of a study, or their published records, name them.

    None if no run names the file or runs name different contents: then only the file can tell.
    Runs on this machine take precedence over published ones.
    """

    def content(knobs: Mapping[str, Any], wanted: str) -> str | None:
        here = (plan_file(name, runtime) for name in run_names(runtime))
        named = (
            _contents(knobs, wanted, study, files) for files in (here, published_plans(runtime))
        )
        contents = next(filter(None, named), set[str]())
        return contents.pop() if len(contents) == 1 else None

    return content


def _contents(knobs: Mapping[str, Any], wanted: str, study: str, files: Iterable[Path]) -> set[str]:
    contents = set[str]()
    for file in files:
        with suppress(Damaged):  # it cannot say
            plan = read_plan(file)
            cells = [cell.config for cell in plan.cells] if plan and plan.study == study else []
            alike = (one for one in cells if knobs.items() <= one.items())
            contents |= {content for one in alike if (content := one.get(wanted))}
    return contents
