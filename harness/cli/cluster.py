"""Options of a run on a Ray cluster."""

import math
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import without
from harness.config.runtime import MOST_WORKERS
from harness.core.errors import HarnessError, shown

if TYPE_CHECKING:
    from harness.config.runtime import Runtime
    from harness.execution.options import Cluster

RAY = "ray"
_PANEL = "On a Ray cluster"

On = Annotated[
    str | None,
    typer.Option(
        metavar="RAY",
        help="Train on a Ray cluster: ray (the one that runs here, or a new one on this machine) "
        "or its address, such as ray://host:10001. Default: RAY_ADDRESS, else without Ray.",
        rich_help_panel=_PANEL,
    ),
]
Gpus = Annotated[
    float | None,
    typer.Option(
        "--gpus-per-trial",
        metavar="N",
        min=0,
        help="GPUs of a trial, such as 0.25. Default: 1 where there are any.",
        rich_help_panel=_PANEL,
    ),
]
Cpus = Annotated[
    float | None,
    typer.Option(
        "--cpus-per-trial",
        metavar="N",
        min=0.01,
        help="Cores of a trial, and its threads. Default: 1, or a GPU's share of its node's cores.",
        rich_help_panel=_PANEL,
    ),
]
Memory = Annotated[
    float | None,
    typer.Option(
        "--memory-per-trial",
        metavar="GB",
        min=0,
        help="Memory that Ray reserves for a trial. Default: none is reserved.",
        rich_help_panel=_PANEL,
    ),
]
MaxWorkers = Annotated[
    int | None,
    typer.Option(
        "--max-workers",
        metavar="N",
        min=1,
        max=MOST_WORKERS,
        help="Workers, asked for even where a cluster has to grow for them. Default: as many as it "
        f"carries, up to {MOST_WORKERS}.",
        rich_help_panel=_PANEL,
    ),
]
Detach = Annotated[
    bool,
    typer.Option(
        "--detach",
        help="Let the cluster run the driver, too, as a job of Ray on its head, and return.",
        rich_help_panel=_PANEL,
    ),
]


def asked_cluster(
    on: str | None,
    workers: int | None,
    gpus: float | None,
    cpus: float | None,
    memory: float | None,
    most: int | None,
    detach: bool,
) -> "Cluster | None":
    """The cluster that a command line asks for; None: this machine, without Ray."""
    from harness.execution.options import FORMS, Cluster, is_address

    named = os.environ.get("RAY_ADDRESS")
    address = on if on is not None else RAY if named else None
    given = {
        "--gpus-per-trial": gpus,
        "--cpus-per-trial": cpus,
        "--memory-per-trial": memory,
        "--max-workers": most,
        "--detach": detach or None,
    }
    if address is None:
        for option, value in given.items():
            if value is not None:
                raise HarnessError(f"{option} is for a Ray cluster; give --on ray as well")
        return None
    if workers is not None:
        why = "with --on" if on is not None else f"on the cluster of RAY_ADDRESS={named}"
        raise HarnessError(f"--workers is for runs without Ray; {why} it is --max-workers")
    for option, value in given.items():
        if value is not None and not math.isfinite(value):
            raise HarnessError(f"{option} {value}: give a finite number")
    if address != RAY and not is_address(address):
        raise HarnessError(
            f"--on {shown(address)}: write ray, or the address of a cluster: {FORMS}"
        )
    return Cluster(address, gpus, cpus, memory or 0.0, most)


def hand_over(plan: Any, cluster: "Cluster", runtime: "Runtime") -> None:
    """Let the cluster run this command line, without `--detach`, and say how to follow it."""
    from harness import app as cases

    profile = ["--profile", plan.profile] if plan.profile else []  # the head may choose another
    there = ["--on", RAY]  # where the driver runs the cluster is at hand
    line = without(sys.argv[1:], "--profile", "--on", flags=("--detach",))
    job = cases.detach(plan, [*line, *profile, *there], cluster.address, runtime)
    typer.echo(
        f"Detached: the cluster drives {plan.run_name} as the job {job.id}.\n"
        f"  how far it is:  harness status\n"
        f"  its report:     harness report {plan.run_name}   (also before it ends)\n"
        f"  its messages:   {job.command('logs --follow')}\n"
        f"  to stop it:     {job.command('stop')}   (what was trained is kept)"
    )
