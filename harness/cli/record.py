"""The command that checks records and the installation."""

from typing import Annotated

import typer

from harness.cli.options import AsJson, Profile, Set, echo_json, plan, runtime

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
    if study is not None and study not in cases.run_names(runtime()):
        name = plan(study, profile, changes)[0].run_name
    with Looking() as looking:
        diagnosis = examine(runtime(), name, fix, looking)
    if as_json:
        echo_json(diagnosis.to_json())
    else:
        show_diagnosis(diagnosis, fix)
    if not diagnosis.healthy:
        raise typer.Exit(1)
