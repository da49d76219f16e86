"""The command line without training: how long its answers take.

BENCH_BEFORE names another checkout, with which this one is compared: both in turn, and a ratio.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measure import ROOT, Result, Row, Target, line, say
from benchmarks.place import Place, Ran, place
from benchmarks.trees import both, note
from harness import app
from harness.config.runtime import Runtime
from harness.runs.digests import seal
from tests.synthetic import BASELINE, TIDY, Recipe, Tip, build, write_json

CELLS, SEEDS, TRIALS = 120, 8, 1000
KNOB = "optimizer.generator.learning_rate"
REPORTED = {"few": (7, 6, 10), "many": (84, 6, 100)}  # cells, seeds and evaluations of a report
PAIRS = 7


class Asked(NamedTuple):
    """A command line: the seconds, and the share of the baseline's, that it is to take at most."""

    words: Sequence[str]
    seconds: float | None = None
    share: float | None = None

    def target(self, compared: bool) -> Target | None:
        """Against the baseline, where there is one."""
        if compared:
            return Target("ratio", ">=", round(1 / self.share, 2)) if self.share else None
        return Target("ours", "<=", self.seconds) if self.seconds else None


COMMANDS = {
    "`harness --help`": Asked(["--help"], 0.4),
    "`harness plan all_tips`": Asked(["plan", str(ROOT / "studies" / "all_tips.yaml")], share=0.6),
    f"`harness plan` of {CELLS} cells × {SEEDS} seeds": Asked(["plan", "large"], 1.0, 0.6),
    f"`harness status` of {TRIALS:,} trials": Asked(["status"], 1.0, 0.6),
    f"`harness plan` of {TRIALS:,} trials that are all trained": Asked(
        ["plan", "trained"], share=0.2
    ),
    "`harness report` of 42 trials": Asked(["report", "few"], share=0.5),
    "`harness report` of 504 trials × 100 evaluations": Asked(["report", "many"], share=0.6),
}


def run(quick: bool) -> Result:
    with place() as here:
        here.study("large", _content(CELLS, SEEDS, 32))
        _train(here)
        for name, sizes in REPORTED.items():
            build(here.folder / name, _recipe(name, *sizes))
        trees = both()
        lines = []
        for what, asked in COMMANDS.items():
            ran = [_ran(here, asked.words, tree) for _ in range(3 if quick else PAIRS)
                   for tree in trees]  # fmt: skip
            say(f"command_line: {what}")
            pairs = [ran[n :: len(trees)] for n in range(len(trees))]
            took, used = ([[getattr(r, name) for r in one] for one in pairs]
                          for name in ("seconds", "processor"))  # fmt: skip
            lines.append(line(what, "s", *took, target=asked.target(len(trees) > 1)))
            lines.append(line(f"{what}: processor time", "s", *used))
    return {
        "lines": lines,
        "notes": [
            f"From start to end of the process; {TRIALS:,} trials with scores, statistics and "
            "digests, and the trials of the reports, are synthetic.",
            *note(),
        ],
    }


def _ran(here: Place, words: Sequence[str], tree: Path) -> Ran:
    """One run; the records of the reports lie in folders of their own."""
    records = here.folder / words[-1] / "runs"
    here.environment["HARNESS_RUNS"] = str(records if records.is_dir() else here.runs)
    return here.run("harness", *words, tree=tree)


def _recipe(name: str, cells: int, seeds: int, evaluations: int) -> Recipe:
    """A record of so many cells, the reference among them."""
    baseline = {**BASELINE, "training.evaluations": evaluations}
    return replace(TIDY, tips=_tips(cells), seeds=range(seeds), baseline=baseline, run_name=name)


def _tips(cells: int) -> list[Tip]:
    """The cells beside a reference."""
    return [
        Tip(f"rate_{rate}", f"Learning rate of {rate}", {KNOB: rate}, rate, [("S0", "helps")])
        for rate in _rates(cells)
    ]


def _rates(cells: int) -> list[float]:
    rates = [round(1e-5 * (number + 1), 6) for number in range(cells)]
    return [rate for rate in rates if rate != 2e-4][: cells - 1]  # the reference's


def _content(cells: int, seeds: int, size: int) -> dict[str, Any]:
    """A study of `cells` cells, the reference among them, at an image size in pixels."""
    return {
        "title": "Many cells",
        "question": "How long does it take to plan them?",
        "baseline": {"data.name": "cifar10", "data.image_size": size, "training.kimg": 256},
        "factors": {KNOB: _rates(cells)},
        "design": "one_at_a_time",
        "seeds": seeds,
    }


def _train(here: Place) -> None:
    """The study `trained`, and what its trials would leave: scores, statistics, digests."""
    content = _content(TRIALS // SEEDS, SEEDS, 16)
    here.study("trained", content)
    recipe = _recipe("trained", TRIALS // SEEDS, SEEDS, 10)
    build(here.folder, replace(recipe, baseline=content["baseline"], grids=2))
    runtime = Runtime(here.runs, here.folder / "reports", here.folder / "studies")
    plan, _ = app.plan("trained", runtime)
    keys = {path.name for path in runtime.trials.iterdir()}
    if {trial.key for trial in plan.trials} != keys or len(keys) != TRIALS:
        raise RuntimeError(f"{len(keys)} trials were made, which are not those of the plan")
    for key in keys:
        seal(runtime.trials / key, {}, keeps_checkpoint=False)
    write_json(runtime.study(plan.run_name) / "plan.json", plan.to_json())


ROW = Row("command_line", "Command line without training", run)
