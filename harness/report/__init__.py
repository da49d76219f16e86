"""From tables and figures to a page that can be sent around.

Each name is loaded when it is first used: a page needs libraries that its blocks do not.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.report.page import render
    from harness.report.summary import Summary, summarise_run

__all__ = ["Summary", "render", "summarise_run"]
_MODULES = {
    "Summary": "harness.report.summary",
    "render": "harness.report.page",
    "summarise_run": "harness.report.summary",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"{__name__} has no {name!r}", name=name)
