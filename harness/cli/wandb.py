"""The commands for W&B."""

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
    """Upload to W&B what is missing there, from the record. The exit code is 1 if that failed."""
    from harness.app import wandb as cases

    planned, _ = plan(study, profile, changes)
    _done(cases.sync(planned.run_name, runtime()))


@app.command(hidden=True)
def mirror(run_name: str) -> None:
    """Mirror a run live from its record until SIGTERM; `run --on` starts this process."""
    from harness.app import wandb as cases
    from harness.core.stop import Stop

    stop = Stop()
    stop.install()
    cases.follow(run_name, runtime(), stop)


def _done(written: "Synced") -> None:
    typer.echo(written.said)
    if written.failed:
        raise typer.Exit(1)


@app.command()
def publish(study: StudyName, profile: Profile = None, changes: Set = None) -> None:
    """Create a workspace view and a report of a study in W&B. Needs an account."""
    from harness.app import wandb as cases

    planned, _ = plan(study, profile, changes)
    _done(cases.publish(planned, runtime()))


@app.command(epilog="Example: harness export bn_ablation --wandb-sweep --out sweep.yaml")
def export(
    study: StudyName,
    wandb_sweep: Annotated[
        bool, typer.Option("--wandb-sweep", help="As a W&B sweep, for its agents to train.")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Its record without weights, into its report folder.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="File of the sweep. Default: print it."),
    ] = None,
    profile: Profile = None,
    changes: Set = None,
) -> None:
    """Export a study: as a W&B sweep, or its record to publish it with the report."""
    from harness.app import wandb as cases

    if wandb_sweep == record:
        raise HarnessError("export: give either --wandb-sweep or --record")
    if record and out:
        raise HarnessError("export: --out is for --wandb-sweep; --record goes to its report folder")
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
    cell: Annotated[
        str, typer.Option(metavar="CELL", help="Label of a cell, as `plan` lists it.")
    ] = "reference",
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the trial.")] = 0,
    profile: Profile = None,
    changes: Set = None,
) -> None:
    """Train one trial for a W&B sweep; --NAME=VALUE changes the baseline.

    A trial that is already in the record is logged to the sweep without training.
    """
    from harness import app as cases
    from harness.app.wandb import train
    from harness.cli.printing import show_end, show_score
    from harness.plan.naming import cell_names

    swept = cases.one_off([text.removeprefix("--") for text in context.args], "--")
    planned, _ = plan(study, profile, changes, swept)
    key, names = planned.trial(cell, seed).key, cell_names(planned)
    typer.echo(f"{planned.run_name}: {names[cell]}, seed {seed} ({key})")
    status, message = train(planned, runtime(), cell, seed, show_score)
    show_end(status, message)
    if code := {"crashed": 1, "stopped": 130}.get(status):
        raise typer.Exit(code)
