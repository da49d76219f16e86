"""The waiting trials of a queue in the order in which they are claimed, kept as the queue grows.

A trial that has left the state of waiting never comes back to it: a further attempt is a trial of
its own. So what is here is removed when it is met, and no claim looks at all trials.
"""

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from optuna.trial import FrozenTrial, TrialState


class _Turn(NamedTuple):
    """When a trial comes: those that failed before go last, so that they delay no others."""

    attempt: int
    order: int
    number: int
    id: int  # in the storage
    seed: int
    cell: str


class Waiting:
    """Trials by their turn; `get` returns a trial of the storage by its id."""

    def __init__(self, get: Callable[[int], FrozenTrial]) -> None:
        self._get = get
        self.known = 0  # how many trials of the study have been added, waiting or not
        self._turns: list[_Turn] = []  # a heap
        self._seeds: dict[tuple[int, int], list[_Turn]] = {}  # by attempt and seed
        self._start: dict[int, int] = {}  # seed → its first place in the plan
        self._order: list[int] = []  # seeds in the order of the plan; empty: to be sorted

    def add(self, trials: Sequence[FrozenTrial]) -> None:
        """Those that were created since; strays of other tools come first, to be removed."""
        self.known += len(trials)
        for trial in trials:
            attributes = trial.user_attrs
            turn = _Turn(
                attributes.get("attempt", 0),
                attributes.get("order", 0),
                trial.number,
                trial._trial_id,
                attributes.get("seed", 0),
                attributes.get("cell", ""),
            )
            if "key" in attributes:
                self._learn(turn)
            if trial.state is TrialState.WAITING:
                heappush(self._turns, turn)
                self._seeds.setdefault((turn.attempt, turn.seed), []).append(turn)

    def _learn(self, turn: _Turn) -> None:
        start = self._start.get(turn.seed)
        if start is None or turn.order < start:
            self._start[turn.seed] = turn.order
            self._order = []

    def first(self, prefers: Callable[[str], bool] | None) -> FrozenTrial | None:
        """The next trial, or a close one that `prefers`; see `Ledger.claim`."""
        while self._turns and not self._waits(self._turns[0]):
            heappop(self._turns)
        if not self._turns:
            return None
        first = self._turns[0]
        trial = self._get(first.id)
        if prefers is None or "key" not in trial.user_attrs:
            return trial
        close = [turn for seed in self._near(first.seed) for turn in self._of(first.attempt, seed)]
        for turn in sorted(turn for turn in close if prefers(turn.cell)):
            if self._waits(turn):
                return self._get(turn.id)
            self._of(turn.attempt, turn.seed).remove(turn)
        return trial

    def _of(self, attempt: int, seed: int) -> list[_Turn]:
        return self._seeds.get((attempt, seed), [])

    def _waits(self, turn: _Turn) -> bool:
        return self._get(turn.id).state is TrialState.WAITING

    def _near(self, seed: int) -> list[int]:
        """`seed` and the one after it, of all that were ever queued, in the order of the plan."""
        if not self._order:
            self._order = sorted(self._start, key=lambda seed: (self._start[seed], seed))
        place = self._order.index(seed)
        return self._order[place : place + 2]
