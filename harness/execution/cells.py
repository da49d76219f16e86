"""The cells of a run's plan, as those who claim its trials need them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harness.config.identity import key_by_seed
from harness.config.patch import unflatten
from harness.config.trial import TrialConfig
from harness.core.errors import HarnessError
from harness.queue.base import Claim
from harness.runs.plan import PlanRecord, read_plan


class Cell(NamedTuple):
    """A configuration without its seed."""

    knobs: Mapping[str, Any]  # every one by its dotted name, but the seed
    config: TrialConfig  # at some seed
    key: Callable[[int], str]  # seed → key of the trial


class Cells:
    """Cells by label; the plan may have grown since it was read: added cells, or chosen points."""

    def __init__(self, path: Path, plan: PlanRecord) -> None:
        """`plan`: as it was read from `path`."""
        self._path = path
        self._learn(plan)

    def _learn(self, plan: PlanRecord) -> None:
        self._knobs = {cell.label: cell.config for cell in plan.cells}
        self._cells: dict[str, Cell] = {}  # checking a configuration takes a millisecond

    def __len__(self) -> int:
        return len(self._knobs)

    def claimed(self, claim: Claim) -> Cell:
        """The cell of a claim; an error if the plan says now that its trial is another one."""
        if cell := self._cell(claim):
            return cell
        if plan := read_plan(self._path):
            self._learn(plan)
        if cell := self._cell(claim):
            return cell
        raise HarnessError(f"{self._path} has changed since the trials were queued")

    def _cell(self, claim: Claim) -> Cell | None:
        """The cell of a claim, by the plan as it was last read."""
        label = claim.cell
        if label not in self._knobs:
            return None
        if label not in self._cells:
            config = unflatten(self._knobs[label])
            self._cells[label] = Cell(self._knobs[label], config, key_by_seed(config))
        cell = self._cells[label]
        return cell if cell.key(claim.seed) == claim.key else None
