"""The use cases of statistics beyond one study's report, as plain functions."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.config.runtime import Runtime
from harness.design.cells import seed_major
from harness.design.expand import Plan
from harness.errors import HarnessError

if TYPE_CHECKING:
    import pandas as pd

    from harness.analysis.compare import Comparison
    from harness.analysis.self_check import SelfCheck

POOL = 24  # seeds of a self-check
AGAINST_ITSELF = "self_check"


class Ranking(NamedTuple):
    """Treatments of a table of results, best first, and every pair of them."""

    treatments: "pd.DataFrame"
    pairs: "pd.DataFrame"

    def to_json(self) -> list[dict[str, Any]]:
        """One object a pair: a, b, effect, ci_low, ci_high, p_adjusted, verdict and more."""
        rows: list[dict[str, Any]] = json.loads(
            self.pairs.to_json(orient="records", double_precision=15)
        )
        return rows


def rank(path: Path, treatment: str, block: str, value: str, lower: bool, alpha: float) -> Ranking:
    """Rank results from elsewhere by the statistics of a study."""
    from harness.analysis.pairs import rank, read_results

    return Ranking(*rank(read_results(path, treatment, block, value), alpha, lower))


def compare(names: Sequence[str], runtime: Runtime) -> tuple["Comparison", Path]:
    """Set runs side by side: tables, and the page that was written of them."""
    from harness.analysis.compare import compare
    from harness.analysis.frame import load
    from harness.report.comparison import render

    if len(names) < 2 or len(set(names)) < len(names):
        raise HarnessError("compare: name two different runs or more (harness status lists them)")
    frames = {name: load(name, runtime) for name in names}
    found = compare(frames)
    return found, render(found, frames, runtime)


def against_itself(of: Plan, seeds: int) -> Plan:
    """A plan of the reference alone, with many seeds, under a run name of its own."""
    reference, pool = of.cells[0], range(max(seeds, 2 * len(of.seeds)))
    name = f"{of.run_name}-{AGAINST_ITSELF}"
    return replace(of, run_name=name, cells=(reference,), contrasts=(), crossed=None, tuning=None,
                   trials=seed_major([reference], pool))  # fmt: skip


def self_check(of: Plan, trained: Plan, runtime: Runtime) -> "SelfCheck":
    """Deal the trials of `trained` into arms, as many and as large as those of the study `of`."""
    from harness.analysis.frame import load
    from harness.analysis.self_check import self_check

    return self_check(load(trained.run_name, runtime), len(of.seeds), len(of.contrasts))
