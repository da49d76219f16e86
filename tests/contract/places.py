"""Where the ledgers of the contract tests lie: in memory, or in a journal."""

import uuid
from pathlib import Path

import numpy as np
import optuna

from harness.core.archive import NUMBER
from harness.queue.base import Job
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.trial import Trial

KINDS = ("memory", "journal")  # the latter is shared by several processes


class Place:
    """Where a test's ledger lies, to be opened more than once."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.run_name = f"study-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        self.memory = optuna.storages.InMemoryStorage() if kind == "memory" else None

    def open(self) -> OptunaLedger:
        if self.memory is not None:
            return OptunaLedger(self.memory, self.run_name, None, self._reached)
        return OptunaLedger.open(self.run_name, self.folder, self.folder / "trials")

    def _reached(self, key: str) -> int:
        return Trial(self.folder / "trials" / key).reached()

    def bring(self, key: str, iteration: int) -> None:
        """A checkpoint comes into the record."""
        folder = self.folder / "trials" / key / "checkpoint"
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / "last.npz", **{f"{NUMBER}iteration": np.asarray(iteration)})


def jobs(count: int) -> list[Job]:
    """A plan of four cells, in seed-major order."""
    return [Job(f"key{i:04d}", f"cell{i % 4}", i // 4, i) for i in range(count)]
