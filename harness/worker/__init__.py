"""Run trials: the only place where gan, ledger and tracking meet."""

from harness.worker.drain import work

__all__ = ["work"]
