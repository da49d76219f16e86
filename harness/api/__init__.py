"""The library: what `import harness` gives, for notebooks and scripts (docs/library.md)."""

from harness.api.plan import Plan
from harness.api.results import compare, rank
from harness.api.run import Run, list_runs, open_run
from harness.api.study import Study
from harness.api.tables import knobs, tips
from harness.api.trial import Trial
from harness.core.errors import HarnessError

__all__ = [
    "HarnessError",
    "Plan",
    "Run",
    "Study",
    "Trial",
    "compare",
    "knobs",
    "list_runs",
    "open_run",
    "rank",
    "tips",
]
