"""A ledger's database: a poll reads only changes, over a connection that is closed afterwards."""

import copy
import weakref
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import column, select, table

# Optuna checks the version of these tables when it opens them
_TRIALS = table("trials", column("trial_id"), column("study_id"), column("state"))
_FULL = 10  # reading all trials costs a tenth, for each, of reading one by itself


class Database(RDBStorage):
    """Optuna's database storage for the trials of a ledger.

    Optuna reads all attributes of all trials each time, at 0.25 ms a trial. Those that a ledger
    looks at change only with a trial's state, and once more when its claim gets a lease.
    """

    def __init__(self, url: str, connect: dict[str, Any]) -> None:
        """`connect`: arguments of the driver."""
        # one connection, kept while it is in use: to open one takes as long as ten queries.
        # It may have been cut since, so it is tried first.
        options = {"connect_args": connect, "pool_size": 1, "pool_pre_ping": True}
        super().__init__(url, engine_kwargs=options)
        self._known: dict[int, FrozenTrial] = {}
        weakref.finalize(self, self.engine.dispose)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Use one connection for the operations inside, and close it afterwards."""
        try:
            yield
        finally:
            self.engine.dispose()

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The trials of a study in the order of their creation, or those in `states`."""
        present = self._states(study_id)
        wanted = [number for number, state in present.items() if states is None or state in states]
        self._read(study_id, [n for n in wanted if self._outdated(n, present[n])], len(present))
        trials = [self._known[number] for number in wanted]
        if states is not None:  # a trial may have moved on between the two readings
            trials = [trial for trial in trials if trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    def _states(self, study_id: int) -> dict[int, TrialState]:
        query = select(_TRIALS.c.trial_id, _TRIALS.c.state).where(_TRIALS.c.study_id == study_id)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(_TRIALS.c.trial_id))
            return {number: TrialState[name] for number, name in rows}

    def _outdated(self, number: int, state: TrialState) -> bool:
        known = self._known.get(number)
        if known is None or known.state is not state:
            return True
        return state is TrialState.RUNNING and "lease" not in known.user_attrs

    def _read(self, study_id: int, numbers: Sequence[int], present: int) -> None:
        if len(numbers) * _FULL <= present:
            trials = [self.get_trial(number) for number in numbers]
        else:
            trials = super().get_all_trials(study_id, deepcopy=False)
        self._known.update((trial._trial_id, trial) for trial in trials)
