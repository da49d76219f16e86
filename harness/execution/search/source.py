"""Where the next trial of a worker comes from once its queue is empty."""

from harness.config.runtime import Runtime
from harness.queue.base import Ledger
from harness.runs.plan import PlanRecord


class Source:
    """Of a plan that does not grow: nothing is added, and no trial is given up."""

    def extend(self) -> bool:
        """Add one more trial to the plan and the queue; False when there is none."""
        return False

    def gives_up(self, cell: str) -> bool:
        """Whether to stop the trial of a cell, by its evaluations so far."""
        del cell
        return False


def source_of(plan: PlanRecord, runtime: Runtime, ledger: Ledger) -> Source:
    """Where further trials of a plan come from."""
    if not plan.search:
        return Source()
    # here: pandas and scikit-learn, which a search needs, cost other workers a second each
    from harness.execution.search.suggest import Searcher

    return Searcher(plan.run_name, runtime, ledger)
