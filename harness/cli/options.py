"""Arguments and options that verbs share."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.core.errors import HarnessError
from harness.core.files import finite, json_text

if TYPE_CHECKING:
    from harness.config.runtime import Runtime

MOST_WORKERS, MOST_IMAGES = 256, 10_000_000
StudyName = Annotated[
    str,
    typer.Argument(metavar="STUDY", help="A name (harness studies lists them), or a .yaml file."),
]
Profile = Annotated[
    str | None, typer.Option(help="A budget of the study: full, cpu or smoke; default by machine.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="One-off change of the baseline; repeatable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST_WORKERS, help="Worker processes; default one a GPU, else one a core."
    ),
]


def runtime() -> "Runtime":
    """Where things lie and how a run is tracked, as the environment says."""
    from harness.config.runtime import Runtime

    return Runtime()


def plan(
    study: str,
    profile: str | None,
    changes: list[str] | None,
    more: Mapping[str, Any] | None = None,
) -> tuple[Any, str]:
    """The plan that a command line names, and a sentence on its profile; `more` changes."""
    from harness import app as cases

    return cases.plan(study, runtime(), profile, {**cases.one_off(changes or []), **(more or {})})


def echo_json(value: Any) -> None:
    """Print what every JSON parser reads: a number that is not finite is null."""
    typer.echo(json_text(finite(value)), nl=False)


def lost_workers(run_name: str) -> HarnessError:
    """What to say when work is left and no worker stays up."""
    logs = runtime().study(run_name) / "worker-*.log"
    return HarnessError(f"no worker stays up; their logs are {logs}")
