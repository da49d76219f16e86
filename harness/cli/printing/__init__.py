"""Output of the command line: tables by rich, plain text without a terminal."""

from harness.cli.printing.plans import show_course, show_forecast, show_reach
from harness.cli.printing.power import show_detectable
from harness.cli.printing.studies import (
    show_end,
    show_given_up,
    show_heuristic,
    show_heuristics,
    show_knobs,
    show_left,
    show_score,
    show_status,
    show_studies,
    show_summary,
    show_trial,
)
from harness.cli.printing.tables import VERDICTS, new_table

__all__ = [
    "VERDICTS",
    "new_table",
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
    "show_status",
    "show_studies",
    "show_summary",
    "show_trial",
]
