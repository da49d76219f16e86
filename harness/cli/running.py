"""The commands that plan, train and score."""

import shlex
import sys
from contextlib import redirect_stdout
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.cluster import (
    Cpus,
    Detach,
    Gpus,
    MaxWorkers,
    Memory,
    On,
    asked_cluster,
    hand_over,
)
from harness.cli.options import (
    AsJson,
    Profile,
    Set,
    StudyName,
    Workers,
    echo_json,
    json_of,
    lost_workers,
    without,
)
from harness.cli.options import plan as _plan
from harness.cli.options import runtime as _runtime
from harness.core.errors import HarnessError

if TYPE_CHECKING:
    from harness.config.runtime import Runtime
    from harness.report.summary import Summary

INCOMPLETE = 1  # exit codes: trials of the plan are missing
INTERRUPTED = 130  # as after SIGINT

app = typer.Typer()


@app.command("plan", epilog="Example: harness plan bn_ablation --profile smoke")
def plan_(
    study: StudyName,
    profile: Profile = None,
    changes: Set = None,
    workers: Workers = None,
    pilot: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="An earlier run whose spread between seeds is used for the power analysis.",
        ),
    ] = None,
    effect: Annotated[
        float | None,
        typer.Option(
            metavar="SIZE",
            help="Count the seeds that detect this effect, in KID × 10³. Default: the margin of "
            "equivalence.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a study; show its cells, its cost, and which effects it can detect. Trains nothing."""
    from harness import app as cases
    from harness.cli.printing import show_course, show_detectable, show_forecast, show_reach

    plan, why = _plan(study, profile, changes)
    for line in cases.changed_plugins(plan, _runtime()):
        typer.echo(line, err=True)
    cost = cases.cost(plan, _runtime(), workers)
    reach = cases.reach(plan, _runtime(), pilot, effect)
    course = cases.course(plan, _runtime(), pilot)
    if as_json:
        looks = {"course": course.to_json()} if course else {}
        echo_json({**cost.to_json(), "reach": reach.to_json(), **looks})
    else:
        show_forecast(cost, why)
        if course:
            show_course(course)
        if plan.looks is None:
            show_reach(reach)
        elif reach.detectable:  # a p of fixed seeds says nothing of looks, seeds of a pilot do
            show_detectable(reach.detectable, reach.seeds)


@app.command(epilog="Example: harness run quickstart --workers 1")
def run(
    study: StudyName,
    profile: Profile = None,
    changes: Set = None,
    workers: Workers = None,
    max_hours: Annotated[
        float | None,
        typer.Option(
            metavar="HOURS", min=0, help="Stop cleanly after this time; run again to continue."
        ),
    ] = None,
    retry: Annotated[
        str | None,
        typer.Option(
            metavar="crashed", help="Try trials again that crashed in all their attempts."
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(metavar="all", help="Keep the optimiser states of finished trials."),
    ] = None,
    on: On = None,
    gpus: Gpus = None,
    cpus: Cpus = None,
    memory: Memory = None,
    most: MaxWorkers = None,
    detach: Detach = False,
    as_json: AsJson = False,
) -> None:
    """Train the missing trials of a study, log them to W&B, and write the report.

    Run the same command again to continue after an interruption or to add what is new.
    """
    from harness.execution.options import Options

    _only(retry, "crashed", "--retry")
    _only(keep, "all", "--keep")
    plan, why = _plan(study, profile, changes)
    cluster = asked_cluster(on, workers, gpus, cpus, memory, most, detach)
    if as_json and detach:
        raise HarnessError("run: --json prints results, which --detach does not wait for")
    if cluster and detach:
        hand_over(plan, cluster, _runtime())
        return
    options = Options(workers, max_hours, retry == "crashed", keep == "all", cluster)
    _run(plan, why, options, as_json)


def _run(plan: Any, why: str, options: Any, as_json: bool) -> None:
    """Train, report and mirror; as JSON the results alone, and the rest to standard error."""
    output = sys.stdout
    with redirect_stdout(sys.stderr if as_json else output):
        _train(plan, why, options, output if as_json else None)


def _train(plan: Any, why: str, options: Any, output: IO[str] | None) -> None:
    from harness import app as cases
    from harness.cli.printing import show_forecast, show_given_up, show_left, show_summary
    from harness.execution.local import Outcome

    runtime = _runtime()
    for line in cases.changed_plugins(plan, runtime):
        typer.echo(line, err=True)
    show_forecast(cases.cost(plan, runtime, options.workers), why, brief=True)
    outcome = cases.run(plan, runtime, options)
    summary = _told(plan.run_name, runtime)
    show_summary(summary)
    if output:
        output.write(json_of(summary.to_json()))
    if outcome is Outcome.INTERRUPTED:
        show_left(*cases.left(plan, runtime), "Stopped", shlex.join(_words()))
        raise typer.Exit(INTERRUPTED)
    if outcome is Outcome.TIME and any(left := cases.left(plan, runtime)):
        # a limit that is spent would end the next command in the same way, a short one at once
        show_left(*left, "The time is up", shlex.join(_words("--max-hours")))
        raise typer.Exit(INCOMPLETE)
    if outcome is Outcome.DONE and (held := cases.held(plan, runtime)):
        show_left(held, 0, "Another command trains the rest", shlex.join(_words()))
        raise typer.Exit(INCOMPLETE)
    if outcome is not Outcome.FAILED and (lost := cases.given_up(plan, runtime)):
        # to score once more is always to try again
        retry = [] if options.retry_crashed else ["--retry", "crashed"]
        show_given_up(lost, shlex.join([*_words(), *retry]))
        raise typer.Exit(INCOMPLETE)
    if outcome is Outcome.FAILED:
        raise lost_workers(plan.run_name)


def _told(run_name: str, runtime: "Runtime") -> "Summary":
    """Write the report and mirror the run; Ctrl-C meanwhile is answered by how to do that later."""
    from harness import app as cases
    from harness.app.wandb import sync
    from harness.cli.printing.terminal import step

    try:
        with step("Writing the report"):
            summary = cases.report(run_name, runtime, apart=True)
        with step("Mirroring to W&B"):
            mirrored = sync(run_name, runtime, summary)
    except KeyboardInterrupt:
        again = shlex.join(_words())
        typer.echo(f"Stopped. What was trained is kept; for its report: {again}")
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(mirrored.said)
    return summary


def _words(*spent: str) -> list[str]:
    """This command line, without options that it has used up."""
    return ["harness", *without(sys.argv[1:], *spent)]


def _only(value: str | None, word: str, option: str) -> None:
    if value not in (None, word):
        raise HarnessError(f"{option}: unknown value {value!r}; the only choice is {word!r}")


@app.command(hidden=True)
def work(run_name: str, name: str, keep: str = "", stay: bool = False) -> None:
    """Train trials of a run in this process; `run` starts one such process per worker."""
    from harness.execution.worker import work as drain

    raise typer.Exit(drain(run_name, _runtime(), name, keep == "all", stay))


@app.command(hidden=True)
def gather(run_name: str) -> None:
    """Load what the trials of a run read; `run --on` starts this before it asks a cluster."""
    from harness.execution.worker import gather as gather_

    gather_(run_name, _runtime())


@app.command(epilog="Example: harness evaluate bn_ablation --profile smoke --metric blocks")
def evaluate(
    study: StudyName,
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="keras75, blocks, subsets or fidelity299.")
    ],
    encoder: Annotated[
        str | None, typer.Option(metavar="NAME", help="Encoder, or path of a saved Keras model.")
    ] = None,
    resolution: Annotated[
        int | None, typer.Option(metavar="PX", help="Image size for the encoder.")
    ] = None,
    profile: Profile = None,
    changes: Set = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Score the finished trials of a study with another metric. Trains nothing.

    The report of the study then has the verdicts by both.
    """
    from harness import app as cases
    from harness.execution.options import Options

    asked = {"protocol": metric, "encoder": encoder, "resolution": resolution}
    patch = {f"evaluation.{name}": value for name, value in asked.items() if value is not None}
    patch = {**cases.one_off(changes or []), **patch}
    plan = cases.evaluate(study, patch, _runtime(), profile)
    why = f"{len(plan.trials)} trained trials are scored"
    _run(plan, why, Options(workers, retry_crashed=True), as_json)
    if path := cases.compared(study, patch, _runtime(), profile):
        typer.echo(f"Report with the verdicts by both metrics: {path}", err=as_json)
