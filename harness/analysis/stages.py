"""A plan as far as its results decide it: chosen points, suggested cells, looks."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.config.runtime import Runtime
from harness.core.errors import Damaged
from harness.plan.expand import Plan
from harness.plan.forecast import missing
from harness.plan.sequential import check_unchanged
from harness.runs import layout
from harness.runs.plan import PlanRecord, read_plan
from harness.runs.stages import LookRecord
from harness.runs.trial import Trial


@dataclass(frozen=True)
class _Record:
    """The record as `plan.stages.Results`."""

    runtime: Runtime
    held: Collection[str] = ()  # keys of trials that are in the queue or in training

    @property
    def cache(self) -> Path:
        return self.runtime.cache

    def written(self, run_name: str) -> PlanRecord | None:
        return read_plan(layout.plan_file(run_name, self.runtime))

    def chosen(self, plan: PlanRecord) -> Mapping[str, str]:
        from harness.analysis.tuning import choose  # needs pandas, which the other plans do not

        return choose(plan, self.runtime)

    def ended(self, plan: Plan) -> bool:
        """A trial that was given up after its last attempt has ended, too: without a value."""
        waiting = (item.trial.key for item in missing(plan, self.runtime))
        return not any(
            key in self.held or Trial(self.runtime.trials / key).failure() is None
            for key in waiting
        )

    def look(self, plan: PlanRecord) -> LookRecord:
        from harness.analysis.looks import take_look  # needs pandas

        return take_look(plan, self.runtime)


def grown(plan: Plan, runtime: Runtime) -> Plan:
    """The plan that can be trained now; a static one is returned as it is."""
    record = _Record(runtime)
    with suppress(Damaged):  # a run moves it aside and writes it again
        check_unchanged(plan, record.written(plan.run_name))
    return plan.stages.grown(plan, record)


def decided(plan: Plan, runtime: Runtime, held: Collection[str]) -> Plan:
    """The plan after its results have decided; the plan itself where there is nothing to decide.

    `held`: keys of trials that are in the queue or in training. It is for the caller to keep others
    from deciding at the same time, and to write the plan.
    """
    return plan.stages.decided(plan, _Record(runtime, held))
