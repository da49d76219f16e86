"""What the command line prints: tables with rich, plain where there is no terminal."""

from harness.terminal.studies import (
    VERDICTS,
    new_table,
    show_end,
    show_forecast,
    show_given_up,
    show_heuristic,
    show_heuristics,
    show_reach,
    show_score,
    show_status,
    show_summary,
    show_trial,
    size,
)

__all__ = [
    "VERDICTS",
    "new_table",
    "show_end",
    "show_forecast",
    "show_given_up",
    "show_heuristic",
    "show_heuristics",
    "show_reach",
    "show_score",
    "show_status",
    "show_summary",
    "show_trial",
    "size",
]
