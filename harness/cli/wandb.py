"""The verbs around W&B."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import Profile, Set, StudyName, plan, runtime
from harness.core.errors import HarnessError

if TYPE_CHECKING:
    from harness.app.wandb import Synced

app = typer.Typer()


@app.command()
def sync(study: StudyName, profile: Profile = None, changes: Set = None) -> None:
    """Write to W&B what is missing there, from the record; exits with 1 if something failed."""
    from harness.app import wandb as cases

    planned, _ = plan(study, profile, changes)
    _done(cases.sync(planned.run_name, runtime()))


def _done(written: "Synced") -> None:
    typer.echo(written.said)
    if written.failed:
        raise typer.Exit(1)


@app.command()
def publish(study: StudyName, profile: Profile = None, changes: Set = None) -> None:
    """Make a workspace view and a report of a study in W&B; needs an account."""
    from harness.app import wandb as cases

    planned, _ = plan(study, profile, changes)
    _done(cases.publish(planned, runtime()))


@app.command()
def export(
    study: StudyName,
    wandb_sweep: Annotated[
        bool, typer.Option("--wandb-sweep", help="As a sweep of W&B, whose agents train it.")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Its record without weights, beside its report.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write; default the terminal.")
    ] = None,
    profile: Profile = None,
    changes: Set = None,
) -> None:
    """Write a study for others: its parameter space for W&B, or its record for readers."""
    from harness.app import wandb as cases

    if wandb_sweep == record:
        raise HarnessError("export: say what: --wandb-sweep or --record")
    planned, _ = plan(study, profile, changes)
    if record:
        from harness.report.record import publish_record

        typer.echo(f"Record: {publish_record(planned.run_name, runtime())}")
        return
    text = cases.sweep(planned, study, runtime(), out)
    typer.echo(f"{out} is written; start it with: wandb sweep {out}" if out else text, nl=bool(out))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def agent(
    context: typer.Context,
    study: StudyName,
    cell: Annotated[str, typer.Option(help="A cell's label, as `plan` shows it.")] = "reference",
    seed: Annotated[int, typer.Option(help="Which of its trials.")] = 0,
    profile: Profile = None,
    changes: Set = None,
) -> None:
    """Train one trial, as a sweep of W&B asks for it; --KNOB=VALUE changes the baseline.

    Nothing is trained twice: a trial that is in the record is only logged to the sweep.
    """
    from harness import app as cases
    from harness.app.wandb import train
    from harness.cli.printing import show_end, show_score

    swept = cases.one_off([text.removeprefix("--") for text in context.args], "--")
    planned, _ = plan(study, profile, changes, swept)
    typer.echo(f"{planned.run_name}: {cell} seed {seed} ({planned.trial(cell, seed).key})")
    status, message = train(planned, runtime(), cell, seed, show_score)
    show_end(status, message)
    if code := {"crashed": 1, "stopped": 130}.get(status):
        raise typer.Exit(code)
