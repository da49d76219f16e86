"""Trials whose program is compiled: in their worker, or before on this machine; to a first step."""

import shutil
import time
from pathlib import Path
from typing import Any

from benchmarks import encoder, ours
from benchmarks.measure import Result, Row, Target, line
from benchmarks.place import Place, place

FIRST: dict[str, Any] = {
    "training__kimg": 6.4,
    "training__evaluations": 1,
    "penalties__gradient__weight": 10.0,
    "loss__label_smoothing": 0.1,
}
OTHER: dict[str, Any] = {
    **FIRST,
    "optimizer__generator__beta_1": 0.9,
    "optimizer__discriminator__beta_1": 0.0,
    "optimizer__generator__learning_rate": 1e-4,
    "optimizer__discriminator__learning_rate": 4e-4,
    "loss__label_smoothing": 0.2,
    "penalties__gradient__weight": 1.0,
    "training__ema": 0.95,
    "augmentation__target_accuracy": 0.8,
    "augmentation__integration_steps": 500,
}


def run(quick: bool) -> Result:
    with place() as here:
        worker = ours.Worker(here.folder, "disabled")  # sets threads, so it comes first
        path = here.folder / "encoder.keras"
        encoder.main(str(path))
        cold = _first_step(worker, config(path, FIRST, 0))
        _new_worker(here, path)  # compiles
        again = [_new_worker(here, path) for _ in range(1 if quick else 5)]
        warm = [
            _first_step(worker, config(path, OTHER, seed)) for seed in range(1, 3 if quick else 12)
        ]
    times = [took for took, _ in warm]
    traces = [float(count) for _, count in warm]
    what = "trial that differs in numbers from the one before it in its worker"
    return {
        "lines": [
            line(f"{what}: new traces", "traces", traces, target=Target("ours", "<=", 0)),
            line(f"{what}: to its first step", "s", times, target=Target("ours", "<", 0.3)),
            line("first trial of a worker: to its first step", "s", [cold[0]]),
            line(
                "the same, compiled before on this machine, from TensorFlow's import on",
                "s",
                again,
                target=Target("ours", "<=", 1.5),
            ),
        ],
        "notes": [
            "Digits at 16 px, width 32, batch 64, gradient penalty; time from the start of the "
            "trial to the end of its first step, scoring of the untrained generator (896 images) "
            f"included. The second trial has another {', '.join(sorted(_changed()))} and seed. "
            f"Tracing the first took {cold[1]} traces of TensorFlow functions."
        ],
    }


def _new_worker(here: Place, encoder: Path) -> float:
    """Seconds from TensorFlow's import to the first step in a process with its cache in place."""
    shutil.rmtree(here.folder / "new" / "runs" / "trials", ignore_errors=True)
    ran = here.run("benchmarks.worker_start", str(here.folder / "new"), str(encoder))
    return float(ran.output.splitlines()[-1])


def config(path: Path, numbers: dict[str, Any], seed: int) -> Any:
    return ours.config(
        16,
        32,
        64,
        data__name="digits",
        evaluation__protocol="blocks",
        evaluation__encoder=str(path),
        seed=seed,
        **numbers,
    )


def _changed() -> set[str]:
    return {name.split("__")[-1] for name in OTHER if OTHER[name] != FIRST.get(name)}


def _first_step(worker: ours.Worker, config: Any) -> tuple[float, int]:
    """Seconds from a trial's start to the end of its first step, and traces in its whole life."""
    with ours.watched_steps() as steps, ours.watched_traces() as traces:
        start = time.perf_counter()
        worker.train(config)  # one iteration a call: a short trial has a row for each
    return steps.first - start, traces.calls


ROW = Row("warm", "Warm trials", run)
