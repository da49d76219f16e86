"""A fresh `harness run`: from the command to the end of the first training step."""

import shutil
import time

from ruamel.yaml import YAML

from benchmarks.measure import ROOT, Result, Row, Target, line, say
from benchmarks.place import Place, place
from harness.core.errors import HarnessError
from harness.core.files import read_json


def run(quick: bool) -> Result:
    fresh, again = [], []
    rounds = 1 if quick else 3
    for number in range(rounds):
        with place() as here:
            fresh.append(_first_step(here))
            # the same machine's next study: the images and the digits' encoder are there
            shutil.rmtree(here.runs / "trials")
            shutil.rmtree(here.runs / "studies")
            again.append(_first_step(here))
        say(f"first_step: round {number + 1} of {rounds}, {fresh[-1]:.1f} s and {again[-1]:.1f} s")
    what = "`harness run quickstart` to its first training step"
    return {
        "lines": [
            line(f"{what}, nothing cached", "s", fresh, target=Target("ours", "<", 12)),
            line(f"{what}, a further study", "s", again),
        ],
        "notes": [
            "The shipped study, one seed and a short budget; the step is the first that any worker "
            "has in its trial's progress.json. Before it, the untrained generator is scored, and "
            "in a fresh folder the digits are enlarged and their classifier, the metric's encoder, "
            "is trained.",
        ],
    }


def _first_step(here: Place) -> float:
    study = YAML(typ="safe").load(ROOT / "studies" / "quickstart.yaml")
    study["seeds"] = 1
    study["baseline"] |= {"training.kimg": 0.32, "training.evaluations": 1}
    here.study("quickstart", study)
    start = time.perf_counter()
    seen: list[float] = []

    def look(_: int) -> None:
        if not seen and any(_stepped(path) for path in here.runs.glob("trials/*/progress.json")):
            seen.append(time.perf_counter() - start)

    here.run("harness", "run", "quickstart", look=look)
    return seen[0]


def _stepped(path: object) -> bool:
    try:
        beat = read_json(path)
    except HarnessError:  # it is being written
        return False
    return bool(beat) and beat["iteration"] > 0


ROW = Row("first_step", "Time to the first step", run)
