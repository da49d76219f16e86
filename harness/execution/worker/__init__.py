"""Run trials: the only place where gan, queue, runs and mirror meet."""

from harness.execution.worker.drain import work
from harness.execution.worker.single import train

__all__ = ["train", "work"]
