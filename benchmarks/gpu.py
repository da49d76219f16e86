"""On a GPU: S0's step with XLA and without, several workers on one card, repeats bit for bit."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.apart import Apart
from benchmarks.gpu_actions import Training
from benchmarks.measure import Result, Row, gpus, interleave, line, say, spread

SMALL = Training(size=32, width=64, batch=64)
STEPS = (  # the large first, should time run out
    Training(),
    Training(precision="bfloat16"),
    Training(xla=False),
    Training(precision="bfloat16", xla=False),
    SMALL,
    SMALL._replace(xla=False),
)
BASELINES = (Training(), Training(precision="bfloat16"), SMALL)
WORKERS = (1, 2, 4)
REPEATED = 50  # steps of a repeat
AGREEING = 3  # steps after which losses of CPU and GPU are compared


def run(quick: bool) -> Result:
    if not gpus():
        raise SystemExit("gpu: no GPU: set CUDA_VISIBLE_DEVICES where nvidia-smi lists one")
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    rounds = 3 if quick else 5
    lines, steps = _steps(1.0, rounds)
    tables = [steps]
    for measured in (_agreement, lambda: _workers(1.0, rounds)):
        say(f"{tables[-1]}")  # should the rest not come to its end
        tables.append(measured())
    return {
        "lines": lines,
        "tables": tables,
        "notes": [
            "Images of noise on the device; augmentation with probability one half. All engines "
            "are processes of their own that train in turn; compiling is one at a time.",
            "Baseline: the Keras example in the same precision; Keras chooses XLA by itself.",
        ],
    }


def _steps(seconds: float, rounds: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    ours = {each: Apart("benchmarks.gpu_actions:ours", each) for each in STEPS}
    theirs = {each: Apart("benchmarks.gpu_actions:baseline", each) for each in BASELINES}
    processes = {**{each.what: ours[each] for each in ours}}
    processes |= {f"Keras, {each.what}": theirs[each] for each in theirs}
    first = {name: _asked(name, process, "first") for name, process in processes.items()}
    ready = {name: process for name, process in processes.items() if first[name] is not None}

    def milliseconds(process: Apart) -> Callable[[], float]:
        return lambda: 1000 / float(process.ask("speed", seconds))

    ways = {name: milliseconds(process) for name, process in ready.items()}
    values = interleave("steps", ways, rounds)
    lines = []
    for each in (each for each in STEPS if each.what in values):
        keras = values.get(f"Keras, {each._replace(xla=True).what}")
        lines.append(line(f"training step, {each.what}", "ms", values[each.what], keras))
    memory = {each.what: _asked(each.what, ours[each], "memory") for each in STEPS}
    rows = [
        [name, first[name], spread(values[name])["median"], memory.get(name) or "–"]
        for name in values
    ]
    columns = ["training", "first step, compiling included, s", "a step, ms", "peak memory, GiB"]
    return lines, {"title": "Steps", "columns": columns, "rows": rows}


def _asked(name: str, process: Apart, *question: object) -> Any:
    """The answer; None, and said, where the process failed."""
    try:
        answer = process.ask(*question)
    except (RuntimeError, OSError) as error:  # the process ended, or its pipe broke
        say(f"{name}: {error}")
        return None
    say(f"{name}: {question[0]} {answer:.3g}")
    return answer


def _workers(seconds: float, rounds: int) -> dict[str, Any]:
    workers = [Apart("benchmarks.gpu_actions:ours", SMALL) for _ in range(max(WORKERS))]
    for number, worker in enumerate(workers):
        _asked(f"worker {number}", worker, "first")

    def together(count: int) -> Callable[[], float]:
        def speed() -> float:
            with ThreadPoolExecutor(count) as pool:
                return sum(pool.map(lambda worker: worker.ask("speed", seconds), workers[:count]))

        return speed

    values = interleave("workers", {str(n): together(n) for n in WORKERS}, rounds)
    rows = [
        [int(count), *(spread(speeds)[name] for name in ("median", "min", "max"))]
        for count, speeds in values.items()
    ]
    columns = ["workers", "steps/s together", "least", "most"]
    return {"title": f"Workers on one GPU: {SMALL.what}", "columns": columns, "rows": rows}


def _agreement() -> dict[str, Any]:
    """Repeats in two processes, and three steps against the CPU."""
    ways = [SMALL._replace(xla=xla) for xla in (True, False)]
    asked = [*ways, *ways, SMALL._replace(xla=False, gpu=False)]
    processes = [Apart("benchmarks.gpu_actions:ours", each) for each in asked]
    with ThreadPoolExecutor(len(processes)) as pool:
        short = list(pool.map(lambda process: process.ask("weights", AGREEING), processes))
        long = list(pool.map(lambda process: process.ask("weights", REPEATED), processes[:4]))
    rows = []
    for number, way in enumerate(ways):
        losses, expected = short[number][0], short[-1][0]
        rows.append(
            [f"{way.what}: {AGREEING} steps against the CPU, losses", _far(losses, expected)]
        )
        rows.append(
            [
                f"{way.what}: {REPEATED} steps twice, variables",
                _far(long[number][1], long[number + 2][1]),
            ]
        )
    columns = ["compared", "largest difference (0: equal bits)"]
    return {"title": "Repeats", "columns": columns, "rows": rows}


def _far(one: dict[str, Any], two: dict[str, Any]) -> str:
    """The largest difference, and where it is."""
    found = {
        name: float(np.abs(np.subtract(one[name], two[name], dtype=np.float64)).max())
        for name in one
        if np.issubdtype(np.asarray(one[name]).dtype, np.number)
    }
    worst = max(found, key=lambda name: found[name])
    return f"{found[worst]:.3g} ({worst})" if found[worst] else "0"


ROW = Row("gpu", "On a GPU", run)
