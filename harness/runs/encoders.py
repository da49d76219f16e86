"""Facts from records about encoder files that are not on this machine."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from harness.config.inputs.content import Recorded
from harness.config.runtime import Runtime
from harness.core.errors import Damaged
from harness.runs.layout import plan_file, published_plans, run_names
from harness.runs.plan import read_plan


def encoder_in_record(study: str, runtime: Runtime) -> Recorded:
    """path of an encoder → its content in the runs of a study, or in their published records.

    None if no run names it or runs name different ones: then only the file can tell. Runs on this
    machine take precedence over published ones.
    """

    def content(path: str) -> str | None:
        here = (plan_file(name, runtime) for name in run_names(runtime))
        named = (_contents(path, study, files) for files in (here, published_plans(runtime)))
        contents = next(filter(None, named), set[str]())
        return contents.pop() if len(contents) == 1 else None

    return content


def _contents(path: str, study: str, files: Iterable[Path]) -> set[str]:
    contents = set[str]()
    for file in files:
        with suppress(Damaged):  # it cannot say
            plan = read_plan(file)
            knobs = [cell.config for cell in plan.cells] if plan and plan.study == study else []
            named = (one for one in knobs if one.get("evaluation.encoder") == path)
            known = (one.get("evaluation.encoder_content") for one in named)
            contents |= {content for content in known if content}
    return contents
