"""Where the ledgers of the contract tests lie: memory, a journal, and HARNESS_TEST_POSTGRES."""

import os
import uuid
from pathlib import Path

import optuna
import pytest

from harness.queue.base import Job
from harness.queue.optuna_ledger import OptunaLedger

POSTGRES = os.environ.get("HARNESS_TEST_POSTGRES", "")
needs_postgres = pytest.mark.skipif(not POSTGRES, reason="HARNESS_TEST_POSTGRES is not set")
SHARED = ["journal", pytest.param("postgres", marks=needs_postgres)]  # by several processes
ALL = ["memory", *SHARED]


class Place:
    """Where a test's ledger lies, to be opened more than once."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.run_name = f"study-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        self.url = POSTGRES if kind == "postgres" else ""
        self.memory = optuna.storages.InMemoryStorage() if kind == "memory" else None

    def open(self) -> OptunaLedger:
        if self.memory is not None:
            return OptunaLedger(self.memory, self.run_name)
        return OptunaLedger.open(self.run_name, self.folder, self.url, workers=4)


def jobs(count: int) -> list[Job]:
    """A plan of four cells, in seed-major order."""
    return [Job(f"key{i:04d}", f"cell{i % 4}", i // 4, i) for i in range(count)]
