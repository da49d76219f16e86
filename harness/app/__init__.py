"""The use cases as plain functions, for command line and library; each is loaded when used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from harness.runs.layout import run_names

if TYPE_CHECKING:
    from harness.app.cleaning import clean, waste
    from harness.app.images import compare_samples, samples
    from harness.app.power import course, reach
    from harness.app.records import Explanation, damaged_plans, show, status
    from harness.app.running import detach, given_up, held, left, run
    from harness.app.scoring import compared, evaluate

    # isort: off
    from harness.app.studies import changed_plugins, cost, name, one_off, pack
    from harness.app.studies import plan, planned, report

    from harness.app.study_files import study_rows, study_text

__all__ = [
    "Explanation", "changed_plugins", "clean", "compare_samples", "compared", "cost", "course",
    "damaged_plans", "detach", "evaluate", "given_up", "held", "left", "name", "one_off", "pack",
    "plan", "planned", "reach", "report", "run", "run_names", "samples", "show", "status",
    "study_rows", "study_text", "waste",
]  # fmt: skip
_NAMES = {
    "cleaning": "clean waste", "images": "compare_samples samples", "power": "course reach",
    "records": "Explanation damaged_plans show status", "running": "detach given_up held left run",
    "scoring": "compared evaluate", "study_files": "study_rows study_text",
    "studies": "changed_plugins cost name one_off pack plan planned report",
}  # fmt: skip
_MODULES = {name: f"harness.app.{part}" for part, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"{__name__} has no {name!r}", name=name)
