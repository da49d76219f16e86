"""Run trials: the only place where gan, queue, runs and mirror meet."""

from harness.core.lean import without

# Keras imports them if it can, for methods that are not used here: two fifths of a worker's start
with without("IPython", "matplotlib", "pandas", "sklearn"):
    from harness.execution.worker.drain import work
    from harness.execution.worker.single import train
    from harness.execution.worker.supplies import gather

__all__ = ["gather", "train", "work"]
