"""Arguments and options that verbs share."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.config.runtime import MOST_WORKERS
from harness.core.errors import HarnessError
from harness.core.files import finite, json_text
from harness.runs import layout

if TYPE_CHECKING:
    from harness.config.runtime import Runtime

MOST_IMAGES = 10_000_000
StudyName = Annotated[
    str,
    typer.Argument(metavar="STUDY", help="Name of a study, or path of a .yaml file."),
]
Profile = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Budget, such as full, cpu or smoke. Default: full on a GPU, else cpu."
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Change the baseline for this run. May be repeated."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Zip = Annotated[
    bool,
    typer.Option(
        "--zip",
        help="Also pack the report as a .zip next to its folder, without its published record.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=MOST_WORKERS,
        help="Worker processes. Default: one per GPU, else one per core.",
    ),
]


def runtime() -> "Runtime":
    """Folders and settings from the environment variables."""
    from harness.config.runtime import Runtime

    return Runtime()


def plan(
    study: str,
    profile: str | None,
    changes: list[str] | None,
    more: Mapping[str, Any] | None = None,
) -> tuple[Any, str]:
    """The plan that a command line names, with `more` changes, and a sentence on its profile."""
    from harness import app as cases

    return cases.plan(study, runtime(), profile, {**cases.one_off(changes or []), **(more or {})})


def without(words: Sequence[str], *options: str, flags: Sequence[str] = ()) -> list[str]:
    """A command line without these options and their values, and without these flags."""
    words = [word for word in words if word not in flags]
    values = {number + 1 for number, word in enumerate(words) if word in options}
    return [
        word
        for number, word in enumerate(words)
        if number not in values and word.partition("=")[0] not in options
    ]


def json_of(value: Any) -> str:
    """A value as JSON; a number that is not finite is null."""
    return json_text(finite(value))


def echo_json(value: Any) -> None:
    """Print JSON."""
    typer.echo(json_of(value), nl=False)


def lost_workers(run_name: str) -> HarnessError:
    """The error that every worker has crashed while trials are left."""
    logs = runtime().study(run_name) / layout.WORKER_LOGS
    return HarnessError(f"all workers crashed; see their logs: {logs}")
