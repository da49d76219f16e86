"""Output of the command line: tables and sentences for a terminal, whole lines without one."""

from harness.cli.printing.lists import (
    show_heuristic,
    show_heuristics,
    show_knobs,
    show_sources,
    show_studies,
)
from harness.cli.printing.plans import show_course, show_forecast, show_reach
from harness.cli.printing.power import show_detectable
from harness.cli.printing.status import show_status
from harness.cli.printing.studies import (
    show_end,
    show_given_up,
    show_left,
    show_score,
    show_summary,
    show_trial,
)

__all__ = [
    "show_course",
    "show_detectable",
    "show_end",
    "show_forecast",
    "show_given_up",
    "show_heuristic",
    "show_heuristics",
    "show_knobs",
    "show_left",
    "show_reach",
    "show_score",
    "show_sources",
    "show_status",
    "show_studies",
    "show_summary",
    "show_trial",
]
