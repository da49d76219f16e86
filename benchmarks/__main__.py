"""`python -m benchmarks [ROW ...] [--quick]`: measure, write the results, render the tables."""

import argparse
import importlib
import os
import subprocess
import sys
import time

from benchmarks import render
from benchmarks.measure import ROOT, ROWS, Row, folder, gpus, quiet, say, write


def main() -> None:
    """Several rows run as a process each, so that none meets what another left in memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[[], *ROWS], metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="shorter, and so less exact")
    options = parser.parse_args()
    rows = options.rows or [name for name in ROWS if name != "gpu" or gpus()]
    if len(rows) == 1:
        _measure(rows[0], options.quick)
    else:
        _each(rows, options.quick)
    render.main()


def _each(rows: list[str], quick: bool) -> None:
    for number, name in enumerate(rows):
        say(f"{name}: {number + 1} of {len(rows)} rows; {_left(rows[number:], quick)}")
        command = [sys.executable, "-m", "benchmarks", name, *(["--quick"] if quick else [])]
        subprocess.run(command, cwd=ROOT, check=True)


def _left(rows: list[str], quick: bool) -> str:
    """How long the rows took when they were last measured."""
    known = render.results(folder())
    past = [known[name]["seconds"] for name in rows if name in known]
    comparable = [known[name]["quick"] == quick for name in rows if name in known]
    if len(past) < len(rows) or not all(comparable):
        return "how long they take is not known here"
    return f"about {sum(past) / 60:.0f} minutes left"


def _measure(name: str, quick: bool) -> None:
    quiet()
    importlib.import_module("harness.gan")  # as in a worker, before TensorFlow
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")  # the targets are those of a CPU
    row: Row = importlib.import_module(f"benchmarks.{name}").ROW
    start = time.monotonic()
    result = row.run(quick)
    path = write(row, result, time.monotonic() - start, quick)
    say(f"{name}: written to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
