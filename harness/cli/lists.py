"""The verbs that list what can be named: studies, tips, hyper-parameters."""

from typing import Annotated

import typer

from harness.cli.options import AsJson, echo_json
from harness.cli.options import runtime as _runtime
from harness.core.errors import HarnessError

app = typer.Typer()


@app.command("studies", epilog="Example: harness studies bn_ablation > studies/mine.yaml")
def studies_(
    study: Annotated[
        str | None, typer.Argument(metavar="STUDY", help="Name of a study, to print its file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the studies and where each file is, or print one.

    Of two studies of one name the nearer is used: studies/, HARNESS_STUDIES, the included ones.
    """
    from harness import app as cases
    from harness.cli.printing import show_studies

    if study is not None and as_json:
        raise HarnessError("studies: --json lists the studies; the file of one is YAML already")
    if study is not None:
        typer.echo(cases.study_text(study, _runtime()), nl=False)
    elif as_json:
        echo_json(cases.study_rows(_runtime()))
    else:
        show_studies(cases.study_rows(_runtime()))


@app.command(epilog="Example: harness heuristics spectral_norm")
def heuristics(
    tip: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="Explain this one; a word of ids: list these."),
    ] = None,
    topic: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this topic, e.g. losses.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this kind, e.g. setting.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only from this source: S0 to S4.")
    ] = None,
    effect: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only with this claim, e.g. helps.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the tips and other heuristics, or explain one: its settings and its sources' claims."""
    from harness.cli.printing import show_heuristic, show_heuristics
    from harness.heuristics import describe

    rows = describe.chosen(tip, topic=topic, kind=kind, source=source, effect=effect)
    if as_json:
        echo_json([describe.explained(row) if tip else describe.record(row) for row in rows])
    elif tip and len(rows) == 1:
        show_heuristic(rows[0])
    else:
        show_heuristics(rows)


@app.command(epilog="Example: harness knobs --part discriminator")
def knobs(
    knob: Annotated[
        str | None, typer.Argument(metavar="[KNOB]", help="Only this one; a word of names: these.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only of this part, e.g. training.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only from this source, e.g. S0.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the hyper-parameters (knobs), or one: meaning, unit, bounds, default and source."""
    from harness.cli.printing import show_knobs
    from harness.config.describe import chosen

    rows = chosen(knob, part=part, source=source)
    if as_json:
        echo_json(rows)
    else:
        show_knobs(rows)
