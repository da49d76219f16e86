"""The command line without training: how long its answers take.

BENCH_BEFORE names another checkout, with which this one is compared: both in turn, and a ratio.
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT, Result, Row, Target, line, say
from benchmarks.place import Place, Ran, place
from harness import app
from harness.config.identity import metric_request
from harness.config.patch import flatten
from harness.config.runtime import Runtime
from harness.core.files import write_json
from tests.synthetic import BASELINE, TIDY, Recipe, Tip, build

CELLS, SEEDS, TRIALS = 120, 8, 1000
KNOB = "optimizer.generator.learning_rate"


REPORTED = {"few": (7, 6, 10), "many": (84, 6, 100)}  # cells, seeds and evaluations of a report


def run(quick: bool) -> Result:
    before = os.environ.get("BENCH_BEFORE")
    with place() as here:
        here.study("large", _content(CELLS, SEEDS))
        here.study("trained", _content(TRIALS // SEEDS, SEEDS))
        _train(here)
        for name, sizes in REPORTED.items():
            build(here.folder / name, _recipe(name, *sizes))
        commands = {
            "`harness --help`": (["--help"], 0.4),
            "`harness plan all_tips`": (["plan", str(ROOT / "studies" / "all_tips.yaml")], None),
            f"`harness plan` of {CELLS} cells × {SEEDS} seeds": (["plan", "large"], 1.0),
            f"`harness status` of {TRIALS:,} trials": (["status"], 1.0),
            f"`harness plan` of {TRIALS:,} trials that are all trained": (
                ["plan", "trained"],
                None,
            ),
            "`harness report` of 42 trials": (["report", "few"], None),
            "`harness report` of 504 trials × 100 evaluations": (["report", "many"], None),
        }
        lines = []
        for what, (words, limit) in commands.items():
            trees = [ROOT, *([Path(before)] if before else [])]
            ran = [_ran(here, words, tree) for _ in range(3 if quick else 7) for tree in trees]
            say(f"command_line: {what}")
            pairs = [ran[n :: len(trees)] for n in range(len(trees))]
            target = limit and Target("ours", "<=", limit)
            lines.append(line(what, "s", *([r.seconds for r in one] for one in pairs),
                              target=target))  # fmt: skip
            used = ([r.processor for r in one] for one in pairs)
            lines.append(line(f"{what}: processor time", "s", *used))
    return {
        "lines": lines,
        "notes": [
            f"From start to end of the process; {TRIALS:,} synthetic trial folders, and synthetic "
            "records for the reports.",
            *([f"Baseline: the checkout {Path(before).name}, in turn."] if before else []),
        ],
    }


def _ran(here: Place, words: list[str], tree: Path) -> Ran:
    """One run; the records of the reports lie in folders of their own."""
    records = here.folder / words[-1] / "runs"
    here.environment["HARNESS_RUNS"] = str(records if records.is_dir() else here.runs)
    return here.run("harness", *words, tree=tree)


def _recipe(name: str, cells: int, seeds: int, evaluations: int) -> Recipe:
    """A record of so many cells, the reference among them."""
    rates = [round(1e-5 * (number + 1), 6) for number in range(cells + 1)]
    tips = [
        Tip(f"rate_{rate}", f"Learning rate of {rate}", {KNOB: rate}, rate, [("S0", "helps")])
        for rate in rates
        if rate != 2e-4  # the reference's
    ]
    baseline = {**BASELINE, "training.evaluations": evaluations}
    return replace(TIDY, tips=tips[: cells - 1], seeds=range(seeds), baseline=baseline,
                   run_name=name)  # fmt: skip


def _content(cells: int, seeds: int) -> dict[str, Any]:
    """A study of `cells` cells, the reference among them."""
    rates = [round(1e-5 * (number + 1), 6) for number in range(cells)]
    rates.remove(2e-4)  # the reference
    return {
        "title": "Many cells",
        "question": "How long does it take to plan them?",
        "baseline": {"data.name": "cifar10", "data.image_size": 32, "training.kimg": 256},
        "factors": {KNOB: rates},
        "design": "one_at_a_time",
        "seeds": seeds,
    }


def _train(here: Place) -> None:
    """Write what the trials of study `trained` would leave, as far as these commands look."""
    runtime = Runtime(here.runs, here.folder / "reports", here.folder / "studies")
    plan, _ = app.plan("trained", runtime)
    if len(plan.trials) != TRIALS:
        raise RuntimeError(f"{len(plan.trials)} trials were planned, not {TRIALS}")
    write_json(runtime.study(plan.run_name) / "plan.json", plan.to_json())
    for trial in plan.trials:
        folder = runtime.trials / trial.key
        write_json(folder / "config.json", {**flatten(trial.cell.config), "seed": trial.seed})
        write_json(folder / "env.json", [{"arithmetic": {"threads": 1}, "processor": "synthetic"}])
        metric = {"requests": [metric_request(trial.cell.config)], "identity": "synthetic"}
        write_json(folder / "evaluations" / "synthetic.json", metric)
        result = {"key": trial.key, "status": "finished", "seconds": 300.0, "kimg": 256.0}
        write_json(folder / "result.json", {**result, "evaluation_seconds": 30.0})


ROW = Row("command_line", "Command line without training", run)
