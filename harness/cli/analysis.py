"""The commands that compare runs and rank results from elsewhere."""

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
    Zip,
    echo_json,
    lost_workers,
    plan,
    runtime,
)

app = typer.Typer()
MOST_SEEDS = 1000


@app.command(epilog="Example: harness compare bn_ablation-cpu bn_ablation-full")
def compare(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN RUN …", help="Run names, as `harness status` lists them."),
    ],
    pool: Annotated[
        bool,
        typer.Option(
            "--pool",
            help="Also pool three or more data sets or sizes into one estimate per tip.",
        ),
    ] = False,
    packed: Zip = False,
    as_json: AsJson = False,
) -> None:
    """Compare the effects and rankings of runs, and write a page about it."""
    from harness.app import analysis as cases
    from harness.app import pack
    from harness.cli.printing.analysis import show_comparison
    from harness.cli.printing.studies import show_packed

    comparison, page = cases.compare(runs, runtime(), pool)
    archive = pack(page) if packed else None
    if as_json:
        places = {"page": str(page), **({"zip": str(archive)} if archive else {})}
        echo_json({**comparison.to_json(), **places})
        return
    show_comparison(comparison, page)
    if archive:
        show_packed(archive)


@app.command(epilog="Example: harness rank results.csv --treatment method --block seed --value fid")
def rank(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Table with one result per row.")
    ],
    treatment: Annotated[str, typer.Option(metavar="COLUMN", help="Column to rank.")],
    block: Annotated[str, typer.Option(metavar="COLUMN", help="Column of pairs: seed, data set.")],
    value: Annotated[str, typer.Option(metavar="COLUMN", help="Column of results.")],
    sd: Annotated[
        str | None,
        typer.Option(
            "--sd", metavar="COLUMN", help="If results are means: column of standard deviations."
        ),
    ] = None,
    n: Annotated[
        str | None,
        typer.Option(
            "--n", metavar="COLUMN", help="Column of how many values a mean is of, or the number."
        ),
    ] = None,
    lower_is_better: Annotated[
        bool | None,
        typer.Option(
            "--lower-is-better/--higher-is-better",
            help="Default: from the name of the value, e.g. lower for kid, fid, loss.",
        ),
    ] = None,
    alpha: Annotated[float, typer.Option(metavar="LEVEL", help="Significance level.")] = 0.05,
    as_json: AsJson = False,
) -> None:
    """Rank results of other experiments (papers, W&B exports) with the same statistics."""
    from harness.analysis.fields import Columns
    from harness.app import analysis as cases

    columns = Columns(treatment, block, value, sd or "", n or "")
    ranking = cases.rank(file, columns, lower_is_better, alpha)
    if as_json:
        echo_json(ranking.to_json())
        return
    from harness.cli.printing.analysis import show_rank

    show_rank(ranking)


@app.command("self-check")
def self_check(
    study: StudyName,
    profile: Profile = None,
    changes: Set = None,
    seeds: Annotated[
        int, typer.Option(metavar="N", min=4, max=MOST_SEEDS, help="Number of seeds to train.")
    ] = 24,
    workers: Workers = None,
) -> None:
    """Train only the baseline, with many seeds, and count false positives (an A/A test)."""
    from harness import app as cases
    from harness.app import analysis
    from harness.cli.printing import show_given_up
    from harness.cli.printing.analysis import show_self_check
    from harness.execution.local import Outcome
    from harness.execution.options import Options

    planned, _ = plan(study, profile, changes)
    trained = analysis.against_itself(planned, seeds)
    outcome = cases.run(trained, runtime(), Options(workers, retry_crashed=True))
    if outcome is Outcome.FAILED:
        raise lost_workers(trained.run_name)
    if outcome is not Outcome.DONE:
        typer.echo("Stopped. What was trained is kept; run it again to continue.")
        raise typer.Exit(130)
    show_self_check(analysis.self_check(planned, trained, runtime()))
    if lost := cases.given_up(trained, runtime()):
        show_given_up(lost, shlex.join(["harness", *sys.argv[1:]]))
        raise typer.Exit(1)
