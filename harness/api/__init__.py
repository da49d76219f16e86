"""The library: what `import harness` gives, for notebooks and scripts (docs/library.md).

Each name is loaded when it is first used: a study needs no library of a report.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.api.plan import Plan
    from harness.api.results import compare, rank
    from harness.api.run import Run, list_runs, open_run
    from harness.api.study import Study
    from harness.api.tables import knobs, tips
    from harness.api.trial import Trial
    from harness.core.errors import HarnessError

__all__ = [
    "HarnessError", "Plan", "Run", "Study", "Trial",
    "compare", "knobs", "list_runs", "open_run", "rank", "tips",
]  # fmt: skip
_MODULES = {
    "HarnessError": "harness.core.errors",
    **dict.fromkeys(("compare", "rank"), "harness.api.results"),
    **dict.fromkeys(("Run", "list_runs", "open_run"), "harness.api.run"),
    **dict.fromkeys(("knobs", "tips"), "harness.api.tables"),
    **{name: f"harness.api.{name.lower()}" for name in ("Plan", "Study", "Trial")},
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"{__name__} has no {name!r}", name=name)
