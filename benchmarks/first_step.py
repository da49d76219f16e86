"""A fresh `harness run`: from the command to the end of the first training step.

BENCH_BEFORE names another checkout, with which this one is compared, in turn.
"""

import shutil
import time
from pathlib import Path

from ruamel.yaml import YAML

from benchmarks.measure import ROOT, Result, Row
from benchmarks.place import Place, place
from benchmarks.trees import compared, in_turn, note
from harness.core.errors import HarnessError
from harness.core.files import read_json


def run(quick: bool) -> Result:
    ran = in_turn("first_step", 1 if quick else 5, _both)
    fresh, again = ([[one[n] for one in runs] for runs in ran] for n in range(2))
    what = "`harness run quickstart` to its first training step"
    return {
        "lines": [
            compared(f"{what}, nothing cached", fresh, 0.6),
            compared(f"{what}, a further study", again, 0.45),
        ],
        "notes": [
            "The shipped study, one seed and a short budget; the step is the first that any worker "
            "has in its trial's progress.json. Before it, the untrained generator is scored, and "
            "in a fresh folder the digits are enlarged and their classifier, the metric's encoder, "
            "is trained.",
            *note(),
        ],
    }


def _both(tree: Path) -> tuple[float, float]:
    """In an empty folder, and for the machine's next study."""
    with place() as here:
        fresh = _first_step(here, tree)
        # the images and the digits' encoder are there
        shutil.rmtree(here.runs / "trials")
        shutil.rmtree(here.runs / "studies")
        return fresh, _first_step(here, tree)


def _first_step(here: Place, tree: Path) -> float:
    study = YAML(typ="safe").load(ROOT / "studies" / "quickstart.yaml")
    study["seeds"] = 1
    study["baseline"] |= {"training.kimg": 0.32, "training.evaluations": 1}
    here.study("quickstart", study)
    start = time.perf_counter()
    seen: list[float] = []

    def look(_: int) -> None:
        if not seen and any(_stepped(path) for path in here.runs.glob("trials/*/progress.json")):
            seen.append(time.perf_counter() - start)

    here.run("harness", "run", "quickstart", look=look, tree=tree)
    return seen[0]


def _stepped(path: object) -> bool:
    try:
        beat = read_json(path)
    except HarnessError:  # it is being written
        return False
    return bool(beat) and beat["iteration"] > 0


ROW = Row("first_step", "Time to the first step", run)
