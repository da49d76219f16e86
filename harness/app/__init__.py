"""The use cases as plain functions, which command line and library call."""

from harness.app.cleaning import clean
from harness.app.power import course, reach
from harness.app.records import Explanation, damaged_plans, show, status
from harness.app.scoring import compared, evaluate
from harness.app.studies import (
    changed_plugins,
    cost,
    given_up,
    name,
    one_off,
    plan,
    planned,
    report,
    run,
    samples,
)
from harness.app.study_files import study_rows, study_text
from harness.runs.layout import run_names

__all__ = [
    "Explanation", "changed_plugins", "clean", "compared", "cost",
    "course", "damaged_plans", "evaluate",
    "given_up", "name",
    "one_off", "plan", "planned", "reach", "report", "run", "run_names", "samples", "show",
    "status", "study_rows", "study_text",
]  # fmt: skip
