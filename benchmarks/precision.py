"""bfloat16 against float32: final KID seed by seed, so that its speed is no other result."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.measure import Result, Row, Target, line, say
from benchmarks.place import place
from benchmarks.study import WORKS, Work, content
from harness.core.files import read_json
from harness.runs.trial import Trial

PRECISIONS = ("float32", "bfloat16")
SEEDS = 6
STEPS = {"digits": 1000, "cifar10": 500}
WIDTH = 32  # on a processor that only emulates bfloat16 a wider step takes seconds


def run(quick: bool) -> Result:
    seeds = 2 if quick else SEEDS
    parts = [_measure(work, 60 if quick else STEPS[work.data], seeds) for work in WORKS]
    return {
        "lines": [part["line"] for part in parts],
        "tables": [part["table"] for part in parts],
        "notes": [
            f"A study of two cells and {seeds} seeds; equal seeds share data order, weights and "
            "noise. t is the mean difference over its standard error; the target is the bound "
            "of the two-sided t-test at 5 %. That a difference is within seed noise is no proof "
            "that there is none.",
        ],
    }


def _measure(work: Work, steps: int, seeds: int) -> dict[str, Any]:
    kids = _kids(replace(work, evaluations=3, width=WIDTH), steps, seeds)
    one, other = (
        np.array([kids[precision, seed] for seed in range(seeds)]) for precision in PRECISIONS
    )
    difference = other - one
    error = difference.std(ddof=1) / np.sqrt(seeds)
    bound = float(stats.t.ppf(0.975, seeds - 1))
    what = f"KID of bfloat16 against float32, {work.data}, {steps:,} steps, {seeds} seeds"
    columns = 1000 * np.stack([one, other, difference])
    rows = [[str(seed), *map(float, columns[:, seed])] for seed in range(seeds)]
    rows.append(["mean", *map(float, columns.mean(axis=1))])
    t = float(abs(difference.mean()) / error)
    return {
        "line": line(what, "abs t", [t], target=Target("ours", "<", round(bound, 2))),
        "table": {
            "title": f"Last KID × 10³ on {work.data}, with the small encoder",
            "columns": ["seed", *PRECISIONS, "difference"],
            "rows": rows,
        },
    }


def _kids(work: Work, steps: int, seeds: int) -> dict[tuple[str, int], float]:
    with place() as here:
        here.run("benchmarks.encoder", "encoder.keras")
        study = content(work, steps, here.folder / "encoder.keras")
        study |= {"factors": {"training.precision": ["bfloat16"]}, "seeds": seeds}
        here.study("bench", study)
        took = here.run("harness", "run", "bench").seconds
        say(f"precision: {work.data}, {took:.0f} s")
        found = {}
        for folder in here.trials():
            config = read_json(folder / "config.json")
            [identity] = Trial(folder).metrics()
            kid = Trial(folder).evaluation_rows(identity)[-1]["kid"]
            found[config["training.precision"], config["seed"]] = kid
    return found


ROW = Row("precision", "bfloat16 against float32", run)
