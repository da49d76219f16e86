"""Run trials: the only place where gan, ledger and tracking meet."""

from harness.worker.drain import work
from harness.worker.single import train

__all__ = ["train", "work"]
