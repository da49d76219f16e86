"""The verbs of statistics beyond one study's report."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import (
    AsJson,
    Profile,
    Set,
    StudyName,
    Workers,
    echo_json,
    lost_workers,
    plan,
    runtime,
)

app = typer.Typer()
MOST_SEEDS = 1000


@app.command()
def compare(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN RUN …", help="Run names, as `status` lists them.")
    ],
) -> None:
    """Set runs side by side: effects, agreement, what changed, drift; and write a page of it."""
    from harness.app import analysis as cases
    from harness.cli.printing.analysis import show_comparison

    show_comparison(*cases.compare(runs, runtime()))


@app.command()
def rank(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="A table, one value a row.")],
    treatment: Annotated[str, typer.Option(help="The column that is ranked.")],
    block: Annotated[str, typer.Option(help="The column of what is paired: seeds, data sets.")],
    value: Annotated[str, typer.Option(help="The column of results.")],
    lower_is_better: Annotated[
        bool | None,
        typer.Option(
            "--lower-is-better/--higher-is-better",
            help="Default: by the name of the value; lower for kid, fid, loss, error and the like.",
        ),
    ] = None,
    alpha: Annotated[float, typer.Option(min=0.0001, max=0.5, help="Level of all tests.")] = 0.05,
    as_json: AsJson = False,
) -> None:
    """Rank results from elsewhere (published tables, exports of W&B) by the same statistics."""
    from harness.app import analysis as cases

    found = cases.rank(file, treatment, block, value, lower_is_better, alpha)
    if as_json:
        echo_json(found.to_json())
        return
    from harness.cli.printing.analysis import show_rank

    show_rank(found)


@app.command("self-check")
def self_check(
    study: StudyName,
    profile: Profile = None,
    changes: Set = None,
    seeds: Annotated[
        int, typer.Option(min=4, max=MOST_SEEDS, help="Seeds of the baseline to train.")
    ] = 24,
    workers: Workers = None,
) -> None:
    """A/A: train the baseline with many seeds and see how often it differs from itself."""
    from harness import app as cases
    from harness.app import analysis
    from harness.cli.printing import show_given_up
    from harness.cli.printing.analysis import show_self_check
    from harness.execution.driver import Options
    from harness.execution.local import Outcome

    of, _ = plan(study, profile, changes)
    trained = analysis.against_itself(of, seeds)
    outcome = cases.run(trained, runtime(), Options(workers, retry_crashed=True))
    if outcome is Outcome.FAILED:
        raise lost_workers(trained.run_name)
    if outcome is not Outcome.DONE:
        typer.echo("Stopped. What was trained is kept; run it again to continue.")
        raise typer.Exit(130)
    show_self_check(analysis.self_check(of, trained, runtime()))
    if lost := cases.given_up(trained, runtime()):
        show_given_up(lost, shlex.join(["harness", *sys.argv[1:]]))
        raise typer.Exit(1)
