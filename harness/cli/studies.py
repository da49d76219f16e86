"""The commands that report on studies and their trials."""

import signal
from contextlib import suppress
from functools import partial
from typing import Annotated

import typer

from harness.cli.options import (
    AsJson,
    Profile,
    Set,
    StudyName,
    Zip,
    echo_json,
)
from harness.cli.options import runtime as _runtime
from harness.core.errors import HarnessError

app = typer.Typer()


@app.command()
def report(
    study: StudyName,
    profile: Profile = None,
    changes: Set = None,
    packed: Zip = False,
    as_json: AsJson = False,
) -> None:
    """Render the report of a study from its record, finished or not.

    If there is no record in runs/, the one published with the report is used.
    """
    from harness import app as cases
    from harness.cli.printing.studies import show_packed, show_summary
    from harness.cli.printing.terminal import Terminal, step
    from harness.runs.layout import holding

    runtime = _runtime()
    if profile or changes or holding(study, runtime) is runtime:
        study = cases.name(study, runtime, profile, cases.one_off(changes or []))
    with step("Writing the report", Terminal(stderr=True)):
        summary = cases.report(study, runtime, apart=True)
        archive = cases.pack(summary.path) if packed else None
    if as_json:
        echo_json({**summary.to_json(), **({"zip": str(archive)} if archive else {})})
        return
    show_summary(summary)
    if archive:
        show_packed(archive)


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
    as_json: AsJson = False,
) -> None:
    """Explain one trial: its settings, how it ended or why it failed, the end of its log."""
    from harness import app as cases
    from harness.cli.printing import show_trial

    trial = cases.show(key, _runtime())
    if as_json:
        echo_json(trial.to_json())
    else:
        show_trial(trial)


@app.command(epilog="Example: harness serve quickstart")
def serve(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="Run, as `status` lists it. Default: all of them."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=65535, help="Default: the first free one from 8600."),
    ] = None,
) -> None:
    """Show the page of a run while it is trained, to browsers on this machine; Ctrl-C ends it."""
    from harness.app.serving.server import serving

    warn = partial(typer.echo, err=True)
    for number in (signal.SIGINT, signal.SIGTERM):  # also where the first one was ignored before
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt), serving(run, _runtime(), port, warn) as server:
        typer.echo(f"{run or 'All runs'}: {server.url} (Ctrl-C ends it)")
        server.serve_forever()
