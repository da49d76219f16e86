"""Where the ledgers of the contract tests lie: in memory, or in a journal."""

import uuid
from pathlib import Path

import optuna

from harness.queue.base import Job
from harness.queue.optuna_ledger import OptunaLedger

KINDS = ("memory", "journal")  # the latter is shared by several processes


class Place:
    """Where a test's ledger lies, to be opened more than once."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.run_name = f"study-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        self.memory = optuna.storages.InMemoryStorage() if kind == "memory" else None

    def open(self) -> OptunaLedger:
        if self.memory is not None:
            return OptunaLedger(self.memory, self.run_name)
        return OptunaLedger.open(self.run_name, self.folder)


def jobs(count: int) -> list[Job]:
    """A plan of four cells, in seed-major order."""
    return [Job(f"key{i:04d}", f"cell{i % 4}", i // 4, i) for i in range(count)]
