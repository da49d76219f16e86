"""How things are measured: runs in turn, medians and spreads, what machine it was, the results.

A result is one JSON document a row and machine, `benchmarks/results/<machine>/<row>.json`:

    row, title, quick, seconds, machine      what, how long it took, where
    lines                                    see `line`: ours, baseline, ratio, target, met
    tables                                   title, columns and rows of text or numbers
    notes                                    sentences
"""

import json
import logging
import os
import platform
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
ROWS = (  # as the tables list them; each is a module with a ROW
    "step",
    "precision",
    "peak",
    "evaluation",
    "study",
    "alike",
    "noise",
    "schedules",
    "overhead",
    "warm",
    "first_step",
    "quickstart",
    "command_line",
    "ledger",
    "cluster",
    "memory",
    "growth",
    "verdicts",
    "gpu",
)
PACKAGES = ("tensorflow", "keras", "numpy", "optuna")
VECTORS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")  # what oneDNN chooses kernels by
LEAST, LONG = 3, 400.0  # rounds, and the seconds after which no more than these are begun
Result = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One row of the table of benchmarks; what `run` returns has lines, tables and notes."""

    name: str
    title: str
    run: Callable[[bool], Result]  # called with whether to be quick, and so less exact


@dataclass(frozen=True)
class Target:
    """What a line is to reach: `of` ("ours" or "ratio") at least or at most `value`."""

    of: str
    relation: str  # ">=", "<=" or "<"
    value: float

    def met(self, found: float) -> bool:
        """Whether `found` reaches it."""
        return {
            ">=": found >= self.value,
            "<=": found <= self.value,
            "<": found < self.value,
        }[self.relation]


def interleave(
    what: str, ways: Mapping[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """Call the ways in turn, A B A B …, `rounds` times each: their values by name.

    So whatever else the machine does meets all alike, and values of one round make a pair. Fewer
    rounds where the machine is so slow that they would take too long, but three at the least.
    """
    values: dict[str, list[float]] = {name: [] for name in ways}
    start = time.monotonic()
    for number in range(rounds):
        if number >= LEAST and time.monotonic() - start > LONG:
            break
        for name, way in ways.items():
            values[name].append(way())
        left = (time.monotonic() - start) / (number + 1) * (rounds - number - 1)
        say(f"{what}: round {number + 1} of {rounds}, about {left:.0f} s left")
    return values


def steps_in(duration: float, run: Callable[[int], object]) -> int:
    """How many steps of `run` take about `duration` seconds; it is run twice to find out."""
    run(1)  # compiles
    return max(1, round(duration / seconds(lambda: run(1))))


def seconds(action: Callable[[], Any]) -> float:
    """How long `action` takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, quartiles (linear between the values), extremes, and how many there are."""
    low, median, high = np.percentile(values, (25, 50, 75))
    return {
        "median": float(median),
        "q1": float(low),
        "q3": float(high),
        "min": float(min(values)),
        "max": float(max(values)),
        "n": len(values),
    }


def ratios(above: Sequence[float], below: Sequence[float]) -> dict[str, Any]:
    """The spread of the ratios of values that were measured as pairs."""
    return spread([a / b for a, b in zip(above, below, strict=True)])


def line(
    what: str,
    unit: str,
    ours: Sequence[float],
    baseline: Sequence[float] | None = None,
    target: Target | None = None,
) -> dict[str, Any]:
    """One measured quantity. The ratio is how many times better ours is than the baseline.

    Units of speed end in "/s", "/h" or "/trial": better when larger; all others when smaller.
    """
    found: dict[str, Any] = {"what": what, "unit": unit, "ours": spread(ours)}
    if baseline is not None:
        more = unit.endswith(("/s", "/h", "/trial"))
        found["baseline"] = spread(baseline)
        found["ratio"] = ratios(ours, baseline) if more else ratios(baseline, ours)
    if target is not None:
        reached = found[target.of]["median"]
        found["target"] = {"of": target.of, "relation": target.relation, "value": target.value}
        found["met"] = target.met(reached)
    return found


def write(row: Row, result: Result, took: float, quick: bool) -> Path:
    """Write a row's result, whole or not at all."""
    document = {
        "row": row.name,
        "title": row.title,
        "quick": quick,
        "seconds": round(took, 1),
        "machine": machine(),
        "lines": result["lines"],
        "tables": result.get("tables", []),
        "plots": result.get("plots", []),
        "notes": result.get("notes", []),
    }
    path = folder() / f"{row.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n")
    temporary.replace(path)
    return path


def folder() -> Path:
    """Where the results of this machine's kind lie: by its processor, usable cores and GPUs."""
    cards = " ".join(card for card, _ in gpus())
    words = f"{_cpu()} {len(os.sched_getaffinity(0))} cores {cards}".lower()
    return RESULTS / "-".join(re.findall(r"[a-z0-9]+", words))


def machine() -> dict[str, Any]:
    """What the figures hold for."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu(),
        "instructions": [
            name for name in VECTORS if name in _cpu_fields().get("flags", "").split()
        ],
        "cores": len(os.sched_getaffinity(0)),
        "gpus": [f"{card}, driver {driver}" for card, driver in gpus()],
        "memory_gb": round(total / 2**30, 1),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "commit": _git("rev-parse", "--short=12", "HEAD"),
        "uncommitted": bool(_git("status", "--porcelain", "--", "harness", "benchmarks/*.py")),
    }


def gpus() -> list[tuple[str, str]]:
    """Names and driver versions of the GPUs that the benchmarks may use; mostly none."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "") in ("", "-1"):
        return []
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return []
    parts = (line.partition(", ") for line in done.stdout.splitlines())
    return [(card, driver) for card, _, driver in parts]


def _cpu() -> str:
    fields = _cpu_fields()
    family, model = fields.get("cpu family", "?"), fields.get("model", "?")
    return f"{fields.get('model name', 'unknown')} (family {family}, model {model})"


def _cpu_fields() -> dict[str, str]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in fields}


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def quiet() -> None:
    """Leave out what TensorFlow and Keras would say; before they are imported."""
    # Keras warns of its own default, shuffle=True, wherever it is given a tf.data pipeline
    warnings.filterwarnings("ignore", "`shuffle=True` was passed", UserWarning)
    logging.getLogger("absl").setLevel(logging.ERROR)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def say(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)
