"""A new worker's way to its first step; prints the seconds since TensorFlow was imported.

`python -m benchmarks.worker_start FOLDER ENCODER`: runs and caches lie in the folder.
"""

import sys
import time
from pathlib import Path

import harness.gan  # noqa: F401 - before TensorFlow, as in a worker: it chooses kernels
from harness.core.lean import without

with without("IPython", "matplotlib", "pandas", "sklearn"):
    import tensorflow as tf  # noqa: F401
START = time.perf_counter()

from benchmarks import ours, warm  # noqa: E402


def main() -> None:
    """Train a short trial, whose structure the cache may know."""
    folder, encoder = map(Path, sys.argv[1:])
    worker = ours.Worker(folder, "disabled")
    with ours.watched_steps() as steps:
        worker.train(warm.config(encoder, warm.FIRST, 0))
    sys.stdout.write(f"{steps.first - START}\n")


if __name__ == "__main__":
    main()
