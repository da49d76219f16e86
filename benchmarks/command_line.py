"""The command line without training: how long its answers take."""

from typing import Any

from benchmarks.measure import Result, Row, Target, interleave, line
from benchmarks.place import Place, place
from harness import app
from harness.config.identity import metric_request
from harness.config.patch import flatten
from harness.config.runtime import Runtime
from harness.core.files import write_json

CELLS, SEEDS, TRIALS = 120, 8, 1000


def run(quick: bool) -> Result:
    with place() as here:
        here.study("large", _content(CELLS, SEEDS))
        here.study("trained", _content(TRIALS // SEEDS, SEEDS))
        _train(here)
        commands = {
            "`harness --help`": (["--help"], 0.4),
            f"`harness plan` of {CELLS} cells × {SEEDS} seeds": (["plan", "large"], 1.0),
            f"`harness status` of {TRIALS:,} trials": (["status"], 1.0),
            f"`harness plan` of {TRIALS:,} trials that are all trained": (
                ["plan", "trained"],
                None,
            ),
        }
        ways = {
            what: lambda words=words: here.run("harness", *words).seconds
            for what, (words, _) in commands.items()
        }
        values = interleave("command_line", ways, 3 if quick else 15)
    return {
        "lines": [
            line(what, "s", values[what], target=limit and Target("ours", "<=", limit))
            for what, (_, limit) in commands.items()
        ],
        "notes": [f"From start to end of the process; {TRIALS:,} synthetic trial folders."],
    }


def _content(cells: int, seeds: int) -> dict[str, Any]:
    """A study of `cells` cells, the reference among them."""
    rates = [round(1e-5 * (number + 1), 6) for number in range(cells)]
    rates.remove(2e-4)  # the reference
    return {
        "title": "Many cells",
        "question": "How long does it take to plan them?",
        "baseline": {"data.name": "cifar10", "data.image_size": 32, "training.kimg": 256},
        "factors": {"optimizer.generator.learning_rate": rates},
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
