"""The use cases as plain functions, which command line and library call."""

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
