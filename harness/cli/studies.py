"""The commands for studies and their trials."""

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.cli.cluster import Cpus, Gpus, MaxWorkers, Memory, On, asked_cluster
from harness.cli.options import (
    MOST_IMAGES,
    AsJson,
    Profile,
    Set,
    StudyName,
    Workers,
    echo_json,
    lost_workers,
)
from harness.cli.options import plan as _plan
from harness.cli.options import runtime as _runtime
from harness.core.errors import HarnessError

app = typer.Typer()


@app.command("plan", epilog="Example: harness plan bn_ablation --profile smoke")
def plan_(
    study: StudyName,
    profile: Profile = None,
    changes: Set = None,
    workers: Workers = None,
    pilot: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="An earlier run whose spread between seeds is used for the power analysis.",
        ),
    ] = None,
    effect: Annotated[
        float | None,
        typer.Option(
            metavar="SIZE",
            help="Count the seeds that detect this effect, in KID × 10³. Default: the margin of "
            "equivalence.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a study; show its cells, its cost, and which effects it can detect. Trains nothing."""
    from harness import app as cases
    from harness.cli.printing import show_course, show_detectable, show_forecast, show_reach

    plan, why = _plan(study, profile, changes)
    for line in cases.changed_plugins(plan, _runtime()):
        typer.echo(line, err=True)
    cost = cases.cost(plan, _runtime(), workers)
    reach = cases.reach(plan, _runtime(), pilot, effect)
    course = cases.course(plan, _runtime(), pilot)
    if as_json:
        looks = {"course": course.to_json()} if course else {}
        echo_json({**cost.to_json(), "reach": reach.to_json(), **looks})
    else:
        show_forecast(cost, why)
        if course:
            show_course(course)
        if plan.record().looks is None:
            show_reach(reach)
        elif reach.detectable:  # a p of fixed seeds says nothing of looks, seeds of a pilot do
            show_detectable(reach.detectable, reach.seeds)


@app.command(epilog="Example: harness run quickstart --workers 1")
def run(
    study: StudyName,
    profile: Profile = None,
    changes: Set = None,
    workers: Workers = None,
    max_hours: Annotated[
        float | None,
        typer.Option(
            metavar="HOURS", min=0, help="Stop cleanly after this time; run again to continue."
        ),
    ] = None,
    retry: Annotated[
        str | None,
        typer.Option(
            metavar="crashed", help="Try trials again that crashed in all their attempts."
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(metavar="all", help="Keep the optimiser states of finished trials."),
    ] = None,
    on: On = None,
    gpus: Gpus = None,
    cpus: Cpus = None,
    memory: Memory = None,
    most: MaxWorkers = None,
) -> None:
    """Train the missing trials of a study, log them to W&B, and write the report.

    Run the same command again to continue after an interruption or to add what is new.
    """
    from harness.execution.options import Options

    _only(retry, "crashed", "--retry")
    _only(keep, "all", "--keep")
    plan, why = _plan(study, profile, changes)
    cluster = asked_cluster(on, workers, gpus, cpus, memory, most)
    options = Options(workers, max_hours, retry == "crashed", keep == "all", cluster)
    _run(plan, why, options)


def _run(plan: Any, why: str, options: Any) -> None:
    from harness import app as cases
    from harness.app.wandb import sync
    from harness.cli.printing import show_forecast, show_given_up, show_summary
    from harness.execution.local import Outcome

    runtime = _runtime()
    for line in cases.changed_plugins(plan, runtime):
        typer.echo(line, err=True)
    show_forecast(cases.cost(plan, runtime, options.workers), why, brief=True)
    outcome = cases.run(plan, runtime, options)
    summary = cases.report(plan.run_name, runtime)
    typer.echo(sync(plan.run_name, runtime, summary).said)
    show_summary(summary)
    again = shlex.join(["harness", *sys.argv[1:]])
    if outcome is Outcome.INTERRUPTED:
        typer.echo(f"Stopped. What was trained is kept; to continue: {again}")
        raise typer.Exit(130)
    if outcome is Outcome.DONE and (lost := cases.given_up(plan, runtime)):
        # to score once more is always to try again
        retry = [] if options.retry_crashed else ["--retry", "crashed"]
        show_given_up(lost, shlex.join(["harness", *sys.argv[1:], *retry]))
        raise typer.Exit(1)
    if outcome is Outcome.TIME:
        typer.echo(f"The time is up. What was trained is kept; to continue: {again}")
    if outcome is Outcome.FAILED:
        raise lost_workers(plan.run_name)


def _only(value: str | None, word: str, option: str) -> None:
    if value not in (None, word):
        raise HarnessError(f"{option}: unknown value {value!r}; the only choice is {word!r}")


@app.command(hidden=True)
def work(run_name: str, name: str, keep: str = "") -> None:
    """Train trials of a run in this process; `run` starts one such process per worker."""
    from harness.execution.worker import work as drain

    raise typer.Exit(drain(run_name, _runtime(), name, keep == "all"))


@app.command(hidden=True)
def gather(run_name: str) -> None:
    """Load what the trials of a run read; `run --on` starts this before it asks a cluster."""
    from harness.execution.worker import gather as gather_

    gather_(run_name, _runtime())


@app.command()
def report(study: StudyName, profile: Profile = None, changes: Set = None) -> None:
    """Render the report of a study from its record, finished or not.

    If there is no record in runs/, the one published with the report is used.
    """
    from harness import app as cases
    from harness.cli.printing import show_summary
    from harness.runs.layout import holding

    runtime = _runtime()
    if profile or changes or holding(study, runtime) is runtime:
        study = cases.name(study, runtime, profile, cases.one_off(changes or []))
    show_summary(cases.report(study, runtime))


@app.command()
def status(as_json: AsJson = False) -> None:
    """List all runs and the state of their trials."""
    from harness import app as cases
    from harness.cli.printing import show_status

    rows, damaged = cases.status(_runtime()), cases.damaged_plans(_runtime())
    if as_json:
        echo_json(rows)
    elif rows or not damaged:
        show_status(rows)
    if damaged:
        raise HarnessError("\n".join(damaged))


@app.command()
def show(
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY", help="Key of a trial, or its first digits if they are unique."
        ),
    ],
) -> None:
    """Explain one trial: its settings, how it ended or why it failed, the end of its log."""
    from harness import app as cases
    from harness.cli.printing import show_trial

    show_trial(cases.show(key, _runtime()))


@app.command(epilog="Example: harness evaluate bn_ablation --profile smoke --metric blocks")
def evaluate(
    study: StudyName,
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="keras75, blocks, subsets or fidelity299.")
    ],
    encoder: Annotated[
        str | None, typer.Option(metavar="NAME", help="Encoder, or path of a saved Keras model.")
    ] = None,
    resolution: Annotated[
        int | None, typer.Option(metavar="PX", help="Image size for the encoder.")
    ] = None,
    profile: Profile = None,
    changes: Set = None,
    workers: Workers = None,
) -> None:
    """Score the finished trials of a study with another metric. Trains nothing.

    The report of the study then has the verdicts by both.
    """
    from harness import app as cases
    from harness.execution.options import Options

    asked = {"protocol": metric, "encoder": encoder, "resolution": resolution}
    patch = {f"evaluation.{name}": value for name, value in asked.items() if value is not None}
    patch = {**cases.one_off(changes or []), **patch}
    plan = cases.evaluate(study, patch, _runtime(), profile)
    _run(
        plan, f"{len(plan.trials)} trained trials are scored", Options(workers, retry_crashed=True)
    )
    if path := cases.compared(study, patch, _runtime(), profile):
        typer.echo(f"Report with the verdicts by both metrics: {path}")


@app.command(epilog="Example: harness samples quickstart --cell reference --count 64 --out images")
def samples(
    study: StudyName,
    cell: Annotated[
        str, typer.Option(metavar="CELL", help="Name of a cell, as `plan` lists it.")
    ] = "reference",
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the trial.")] = 0,
    count: Annotated[
        int, typer.Option(metavar="N", min=1, max=MOST_IMAGES, help="Number of images.")
    ] = 1000,
    out: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Folder for PNG files, or .npz file. Default: samples-…"),
    ] = None,
    profile: Profile = None,
    changes: Set = None,
) -> None:
    """Write images of a trained generator, as PNG files or as one .npz file."""
    from harness import app as cases

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    plan, _ = _plan(study, profile, changes)
    name = re.sub(r"[^A-Za-z0-9_.,-]", "-", cell)
    target = out or Path(f"samples-{plan.run_name}-{name}-s{seed}")
    path = cases.samples(plan, _runtime(), cell, seed, count, target)
    typer.echo(f"{count} images in {path}")


@app.command()
def clean(
    study: StudyName,
    whole: Annotated[
        bool, typer.Option("--trials", help="Delete whole trials, not only their weights.")
    ] = False,
    profile: Profile = None,
    changes: Set = None,
) -> None:
    """Delete the weights of a study to free disk space; trials that another run needs are kept."""
    from harness import app as cases
    from harness.core.format import size

    plan, _ = _plan(study, profile, changes)
    typer.echo(f"{size(cases.clean(plan, _runtime(), whole))} freed")
