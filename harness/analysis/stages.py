"""A plan as far as its results decide it: at the chosen points, with the suggested cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.config.runtime import Runtime
from harness.plan.expand import Plan
from harness.runs import layout
from harness.runs.plan import PlanRecord, read_plan


@dataclass(frozen=True)
class _Record:
    """The record as `plan.stages.Results`."""

    runtime: Runtime

    @property
    def cache(self) -> Path:
        return self.runtime.cache

    def written(self, run_name: str) -> PlanRecord | None:
        return read_plan(layout.plan_file(run_name, self.runtime))

    def chosen(self, plan: PlanRecord) -> Mapping[str, str]:
        from harness.analysis.tuning import choose  # needs pandas, which the other plans do not

        return choose(plan, self.runtime)


def grown(plan: Plan, runtime: Runtime) -> Plan:
    """The plan that can be trained now; a static one is returned as it is."""
    return plan.stages.grown(plan, _Record(runtime))
