"""A worker that makes its own work: it asks for the next suggestion, and when to give one up."""

from dataclasses import replace
from typing import Any

from harness.analysis.frame import load
from harness.analysis.search import outcomes
from harness.config.identity import keys
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.files import alone
from harness.execution.search.sampler import prunes, suggest
from harness.plan.cells import Cell, difference
from harness.plan.expand import cell_json
from harness.plan.search import PATIENCE, Search, Suggestion
from harness.queue.base import Job, Ledger
from harness.runs.trial import read_plan, write_plan


class Searcher:
    """The search of one run, shared by its workers through `plan.json` and the record."""

    def __init__(self, run_name: str, runtime: Runtime, ledger: Ledger) -> None:
        self._name, self._runtime, self._ledger = run_name, runtime, ledger
        self._path = runtime.study(run_name) / "plan.json"

    def extend(self) -> bool:
        """Add one more suggestion to the plan and the queue; False when the budget is spent."""
        with alone(self._path.with_name("search.lock")):
            refused = 0
            while Search.from_json((read_plan(self._path) or {})["search"]).left > 0:
                if not (why := self._add()):
                    return True
                refused += 1
                if refused >= PATIENCE:
                    raise HarnessError(f"{refused} suggestions in a row are not allowed, as: {why}")
        return False

    def gives_up(self, cell: str) -> bool:
        """Whether the pruner says so of a cell, by its evaluations so far."""
        frames = load(self._name, self._runtime)
        search = Search.from_json(frames.plan["search"])
        # by cell: suggestions that train the same thing are one trial
        ends = dict(zip((item.cell for item in search.suggestions), outcomes(frames), strict=True))
        own = ends.pop(cell, None)
        return own is not None and prunes(search, list(ends.values()), own)

    def _add(self) -> str:
        """Ask once, and write down what comes of it; why it is refused, or the empty text."""
        frames = load(self._name, self._runtime)
        plan, search = dict(frames.plan), Search.from_json(frames.plan["search"])
        params = suggest(search, outcomes(frames))
        try:
            config = search.config(params, self._runtime.cache)
        except HarnessError as error:
            return self._write(plan, search, Suggestion(params, "", str(error)))
        known = {trial["key"]: trial["cell"] for trial in plan["trials"]}
        key = keys(config, [search.seed])[search.seed]
        label = known.get(key, f"suggestion {len(search.suggestions) + 1}")
        if key not in known:
            cell = Cell(label, config, difference(config, plan["cells"][0]["config"]))
            plan["cells"] = [*plan["cells"], cell_json(cell)]
            trial = {"cell": label, "seed": search.seed, "key": key}
            plan["trials"] = [*plan["trials"], trial]
        self._write(plan, search, Suggestion(params, label))
        if key not in known:
            self._ledger.enqueue([Job(key, label, search.seed, len(plan["trials"]) - 1)])
        return ""

    def _write(self, plan: dict[str, Any], search: Search, made: Suggestion) -> str:
        found = replace(search, suggestions=(*search.suggestions, made))
        write_plan(self._path, {**plan, "search": found.to_json()})
        return made.refused
