"""The verbs around studies."""

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

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


@app.command("plan")
def plan_(
    study: StudyName,
    profile: Profile = None,
    changes: Set = None,
    workers: Workers = None,
    pilot: Annotated[str | None, typer.Option(help="A run that says how far KIDs scatter.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a study: its cells, what is trained, what the rest would cost, what it could find."""
    from harness import app as cases
    from harness.cli.printing import show_forecast, show_reach

    plan, why = _plan(study, profile, changes)
    for line in cases.changed_plugins(plan, _runtime()):
        typer.echo(line, err=True)
    found, reach = cases.cost(plan, _runtime(), workers), cases.reach(plan, _runtime(), pilot)
    if as_json:
        echo_json({**found.to_json(), "reach": reach.to_json()})
    else:
        show_forecast(found, why)
        show_reach(reach)


@app.command()
def run(
    study: StudyName,
    profile: Profile = None,
    changes: Set = None,
    workers: Workers = None,
    max_hours: Annotated[
        float | None, typer.Option(min=0, help="Stop cleanly after this time; run again to go on.")
    ] = None,
    retry: Annotated[
        str | None, typer.Option(help="'crashed': try trials again that were given up.")
    ] = None,
    keep: Annotated[
        str | None, typer.Option(help="'all': keep optimiser states of finished trials.")
    ] = None,
) -> None:
    """Train what is missing of a study, mirror it to W&B, and write its report.

    Killed at any moment and run again, it continues. Run twice, the second run trains nothing.
    """
    from harness.execution.driver import Options

    _only(retry, "crashed", "--retry")
    _only(keep, "all", "--keep")
    plan, why = _plan(study, profile, changes)
    options = Options(workers, max_hours, retry == "crashed", keep == "all")
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
    typer.echo(sync(plan.run_name, runtime, summary.verdict).said)
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
        raise HarnessError(f"{option}: {value!r} is unknown; the only choice is {word!r}")


@app.command(hidden=True)
def work(run_name: str, name: str, keep: str = "") -> None:
    """Take trials of a run that was started (what `run` starts once a worker)."""
    from harness.execution.worker import work as drain

    raise typer.Exit(drain(run_name, _runtime(), name, keep == "all"))


@app.command()
def report(study: StudyName, profile: Profile = None, changes: Set = None) -> None:
    """Write the report of a study again from its record, finished or not.

    A record that was published beside its report counts where there is no other.
    """
    from harness import app as cases
    from harness.cli.printing import show_summary

    runtime = _runtime()
    if runtime.holding(study) is runtime:
        study = cases.name(study, runtime, profile, cases.one_off(changes or []))
    show_summary(cases.report(study, runtime))


@app.command()
def status(as_json: AsJson = False) -> None:
    """All runs that were started here, and how their trials stand."""
    from harness import app as cases
    from harness.cli.printing import show_status

    rows = cases.status(_runtime())
    if as_json:
        echo_json(rows)
    else:
        show_status(rows)


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="A trial's key, or its unique beginning.")],
) -> None:
    """Explain one trial: what it changes, how it ended or why it failed, the end of its log."""
    from harness import app as cases
    from harness.cli.printing import show_trial

    show_trial(cases.show(key, _runtime()))


@app.command()
def evaluate(
    study: StudyName,
    metric: Annotated[str, typer.Option(help="keras75, blocks, subsets or fidelity299.")],
    encoder: Annotated[
        str | None, typer.Option(help="An encoder's name, or the path of a saved Keras model.")
    ] = None,
    resolution: Annotated[int | None, typer.Option(help="Pixels given to the encoder.")] = None,
    profile: Profile = None,
    changes: Set = None,
    workers: Workers = None,
) -> None:
    """Score the finished trials of a study by another metric; nothing is trained."""
    from harness import app as cases
    from harness.execution.driver import Options

    asked = {"protocol": metric, "encoder": encoder, "resolution": resolution}
    patch = {f"evaluation.{name}": value for name, value in asked.items() if value is not None}
    patch = {**cases.one_off(changes or []), **patch}
    plan = cases.evaluate(study, patch, _runtime(), profile)
    _run(
        plan, f"{len(plan.trials)} trained trials are scored", Options(workers, retry_crashed=True)
    )


@app.command()
def samples(
    study: StudyName,
    cell: Annotated[str, typer.Option(help="A cell's label, as `plan` shows it.")] = "reference",
    seed: Annotated[int, typer.Option(help="Which of its trials.")] = 0,
    count: Annotated[int, typer.Option(min=1, max=MOST_IMAGES, help="How many images.")] = 1000,
    out: Annotated[
        Path | None, typer.Option(help="A folder for PNG files, or a .npz; default ./samples-….")
    ] = None,
    profile: Profile = None,
    changes: Set = None,
) -> None:
    """Write images of a trained trial for other tools: PNG files, or one .npz."""
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
        bool, typer.Option("--trials", help="Remove whole trials, not only their weights.")
    ] = False,
    profile: Profile = None,
    changes: Set = None,
) -> None:
    """Free the disk of a study's weights; trials that another run uses are left alone."""
    from harness import app as cases
    from harness.cli.printing import size

    plan, _ = _plan(study, profile, changes)
    typer.echo(f"{size(cases.clean(plan, _runtime(), whole))} freed")


@app.command()
def heuristics(
    tip: Annotated[str | None, typer.Argument(help="The id of one, to explain it.")] = None,
    topic: Annotated[str | None, typer.Option(help="Those of one topic.")] = None,
    kind: Annotated[str | None, typer.Option(help="Those of one kind, as: setting.")] = None,
    source: Annotated[str | None, typer.Option(help="Those that a source names: S0 … S4.")] = None,
    effect: Annotated[str | None, typer.Option(help="Those of which it claims this.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the heuristics, or explain one: what it sets, and who claims what."""
    from harness.cli.printing import show_heuristic, show_heuristics
    from harness.heuristics import describe

    rows = describe.chosen(tip, topic=topic, kind=kind, source=source, effect=effect)
    if as_json:
        echo_json([describe.explained(row) if tip else describe.record(row) for row in rows])
    elif tip:
        show_heuristic(rows[0])
    else:
        show_heuristics(rows)


@app.command()
def knobs() -> None:
    """Every knob of a trial: meaning, unit, bounds, default and source."""
    from harness.config.describe import table

    typer.echo(table())
