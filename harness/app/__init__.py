"""The use cases as plain functions: the public Python API. The command line only calls these."""

from harness.app.power import reach
from harness.app.studies import (
    Explanation,
    clean,
    cost,
    evaluate,
    given_up,
    one_off,
    plan,
    report,
    run,
    run_names,
    samples,
    show,
    status,
)

__all__ = [
    "Explanation",
    "clean",
    "cost",
    "evaluate",
    "given_up",
    "one_off",
    "plan",
    "reach",
    "report",
    "run",
    "run_names",
    "samples",
    "show",
    "status",
]
