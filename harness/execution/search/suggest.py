"""The next trial of a search: asked for, checked, written into the plan and queued."""

from harness.analysis.frame import load
from harness.analysis.search import outcomes
from harness.config.identity import keys
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.files import alone
from harness.execution.search.sampler import prunes, suggest
from harness.execution.search.source import Source
from harness.plan.cells import Cell, difference
from harness.plan.expand import cell_record
from harness.plan.search import PATIENCE, suggested_config
from harness.queue.base import Job, Ledger
from harness.runs import layout
from harness.runs.plan import PlanRecord, TrialRecord, read_plan, write_plan
from harness.runs.stages import Search, Suggestion


class Searcher(Source):
    """The search of one run, shared by its workers through `plan.json` and the record."""

    def __init__(self, run_name: str, runtime: Runtime, ledger: Ledger) -> None:
        self._name, self._runtime, self._ledger = run_name, runtime, ledger
        self._path = layout.plan_file(run_name, runtime)

    def extend(self) -> bool:
        """Add one more suggestion to the plan and the queue; False when the budget is spent."""
        with alone(self._path.with_name(layout.SEARCH_LOCK)):
            refused = 0
            while self._plan()[1].left > 0:
                if not (why := self._add()):
                    return True
                refused += 1
                if refused >= PATIENCE:
                    raise HarnessError(f"{refused} suggestions in a row are not allowed, as: {why}")
        return False

    def gives_up(self, cell: str) -> bool:
        """Whether the pruner stops the trial of a cell, by its evaluations so far."""
        _, search = self._plan()
        if search.pruner == "none":  # asked at each evaluation: no record is read for nothing
            return False
        # by cell: suggestions that train the same thing are one trial
        ends = {end.cell: end for end in outcomes(load(self._name, self._runtime), search)}
        this = ends.pop(cell, None)
        return this is not None and prunes(search, list(ends.values()), this)

    def _plan(self) -> tuple[PlanRecord, Search]:
        plan = read_plan(self._path)
        if plan is None or plan.search is None:
            raise HarnessError(f"{self._path}: there is no search")
        return plan, plan.search

    def _add(self) -> str:
        """Ask once, and write down what comes of it; why it is refused, or the empty text."""
        plan, search = self._plan()
        params = suggest(search, outcomes(load(self._name, self._runtime), search))
        try:
            config = suggested_config(search, params, self._runtime.cache)
        except HarnessError as error:
            refused = Suggestion(params=params, cell="", refused=str(error))
            write_plan(self._path, plan.replaced(search=search.added(refused)))
            return refused.refused
        key = keys(config, [search.seed])[search.seed]
        known = next((trial.cell for trial in plan.trials if trial.key == key), None)
        label = known or f"suggestion {len(search.suggestions) + 1}"
        if known is None:
            cell = Cell(label, config, difference(config, plan.cells[0].config))
            trial = TrialRecord(cell=label, seed=search.seed, key=key)
            record = cell_record(cell, {name: params[name] for name in search.factors})
            plan = plan.replaced(cells=(*plan.cells, record), trials=(*plan.trials, trial))
        made = search.added(Suggestion(params=params, cell=label, refused=""))
        write_plan(self._path, plan.replaced(search=made))
        if known is None:
            self._ledger.enqueue([Job(key, label, search.seed, len(plan.trials) - 1)])
        return ""
