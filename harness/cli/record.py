"""The verb that looks after the record and the installation."""

from typing import Annotated

import typer

from harness.cli.options import AsJson, Profile, Set, echo_json, plan, runtime

app = typer.Typer()


@app.command()
def doctor(
    study: Annotated[
        str | None, typer.Argument(metavar="[STUDY]", help="A study or run; default all runs.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what is safe; damaged things are kept aside.")
    ] = False,
    profile: Profile = None,
    changes: Set = None,
    as_json: AsJson = False,
) -> None:
    """Look for damage in record, queue and mirror, and at the installation; exit code 1: found.

    Without --fix nothing is written.
    """
    from harness import app as cases
    from harness.app.doctor import doctor as examine
    from harness.cli.printing.doctor import Looking, show_diagnosis

    name = study
    if study is not None and study not in cases.run_names(runtime()):
        name = plan(study, profile, changes)[0].run_name
    with Looking() as looking:
        found = examine(runtime(), name, fix, looking)
    if as_json:
        echo_json(found.to_json())
    else:
        show_diagnosis(found, fix)
    if not found.healthy:
        raise typer.Exit(1)
