"""The commands that check the record and delete from it."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import AsJson, Profile, Set, StudyName, echo_json, plan, runtime
from harness.core.errors import HarnessError

if TYPE_CHECKING:
    from harness.app.cleaning import Waste

app = typer.Typer()


@app.command()
def doctor(
    study: Annotated[
        str | None, typer.Argument(metavar="[STUDY]", help="Study or run. Default: all runs.")
    ] = None,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="Repair what is safe to repair; damaged files are moved, not deleted."
        ),
    ] = False,
    profile: Profile = None,
    changes: Set = None,
    as_json: AsJson = False,
) -> None:
    """Check records, queues, W&B folders and the installation for damage.

    The exit code is 1 if something is wrong. Without --fix nothing is changed.
    """
    from harness import app as cases
    from harness.app.doctor import doctor as examine
    from harness.cli.printing.doctor import Looking, show_diagnosis

    name = study
    if study is None and (profile or changes):
        raise HarnessError("doctor: --profile and --set name the run of a study: give the study")
    if study is not None and (profile or changes or study not in cases.run_names(runtime())):
        name = cases.name(study, runtime(), profile, cases.one_off(changes or []))
    with Looking() as looking:
        diagnosis = examine(runtime(), name, fix, looking)
    if as_json:
        echo_json(diagnosis.to_json())
    else:
        show_diagnosis(diagnosis, fix)
    if not diagnosis.healthy:
        raise typer.Exit(1)


@app.command(epilog="Example: harness clean bn_ablation --profile smoke --dry-run")
def clean(
    study: StudyName,
    whole: Annotated[
        bool, typer.Option("--trials", help="Delete whole trials, not only their weights.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be deleted.")
    ] = False,
    profile: Profile = None,
    changes: Set = None,
    as_json: AsJson = False,
) -> None:
    """Delete the weights of a study to free disk space; trials that another run needs are kept.

    It says what it would free, and asks.
    """
    from harness import app as cases
    from harness.cli.printing.terminal import Terminal
    from harness.core.format import size

    if as_json and not (yes or dry_run):
        raise HarnessError("clean: --json does not ask: give --yes to delete, or --dry-run")
    if yes and dry_run:
        raise HarnessError("clean: --dry-run deletes nothing and --yes deletes: give one of them")
    planned, _ = plan(study, profile, changes)
    waste = cases.waste(planned, runtime(), whole)
    if as_json:
        freed = 0 if dry_run else cases.clean(planned, runtime(), whole)
        echo_json({"run": planned.run_name, **waste.to_json(), "freed": freed})
        return
    Terminal().say(_would(waste, planned.run_name, whole))
    if dry_run or (waste.trials and not yes and not _confirmed()):
        return
    freed = cases.clean(planned, runtime(), whole)  # and what a killed cleaning left behind
    if waste.trials:
        typer.echo(f"{size(freed)} freed")


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise HarnessError("clean: nothing was deleted; to delete without being asked, add --yes")
    if typer.confirm("Delete?"):
        return True
    typer.echo("Nothing was deleted")
    return False


def _would(waste: "Waste", run_name: str, whole: bool) -> str:
    """A line: the trials that cleaning deletes, and those that it keeps."""
    from harness.core import format as show

    kept = f"; {show.count(waste.kept, 'trial')} kept (unfinished, or needed by another run)"
    kept = kept if waste.kept else ""
    if not waste.trials:
        return f"{run_name}: nothing to delete{kept}"
    part = "" if whole else "the weights of "
    lost = (
        "they would have to be trained again"
        if whole
        else "without weights a trial cannot be scored with another metric or sampled"
    )
    return (
        f"{run_name}: would delete {part}{show.count(waste.trials, 'trial')}, "
        f"{show.size(waste.size)}{kept}; {lost}"
    )
