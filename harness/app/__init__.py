"""The use cases as plain functions, which command line and library call.

Each name is loaded when it is first used: a verb needs no library of another one.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.app.cleaning import clean, waste
    from harness.app.images import compare_samples, samples
    from harness.app.power import course, reach
    from harness.app.records import Explanation, damaged_plans, show, status
    from harness.app.running import detach, given_up, left, run
    from harness.app.scoring import compared, evaluate
    from harness.app.studies import (
        changed_plugins,
        cost,
        name,
        one_off,
        pack,
        plan,
        planned,
        report,
    )
    from harness.app.study_files import study_rows, study_text
    from harness.runs.layout import run_names

__all__ = [
    "Explanation", "changed_plugins", "clean", "compare_samples", "compared", "cost", "course",
    "damaged_plans", "detach", "evaluate", "given_up", "left", "name", "one_off", "pack", "plan",
    "planned", "reach", "report", "run", "run_names", "samples", "show", "status", "study_rows",
    "study_text", "waste",
]  # fmt: skip
_MODULES = {
    "harness.app.cleaning": ("clean", "waste"),
    "harness.app.images": ("compare_samples", "samples"),
    "harness.app.power": ("course", "reach"),
    "harness.app.records": ("Explanation", "damaged_plans", "show", "status"),
    "harness.app.running": ("detach", "given_up", "left", "run"),
    "harness.app.scoring": ("compared", "evaluate"),
    "harness.app.studies": (
        "changed_plugins", "cost", "name", "one_off", "pack", "plan", "planned", "report",
    ),
    "harness.app.study_files": ("study_rows", "study_text"),
    "harness.runs.layout": ("run_names",),
}  # fmt: skip
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"{__name__} has no {name!r}", name=name)
