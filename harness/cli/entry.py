"""The command line with all commands, and its error messages."""

import atexit
import gc
import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import typer

from harness.cli import analysis, images, lists, record, running, studies, wandb
from harness.cli.options import runtime
from harness.cli.verb import Verb
from harness.core.errors import REMEDY, HarnessError, told
from harness.core.files import unwritable
from harness.core.lean import collect_rarely
from harness.core.redact import redacted

USER_ERROR = 2  # the exit code of a mistake that the user can mend

app = typer.Typer(
    help="Find out which GAN training tips help on your images.",
    epilog="Start with: harness run quickstart. harness studies lists the studies.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for verbs in (running, studies, images, lists, record, analysis, wandb):
    for command in verbs.app.registered_commands:
        command.cls = Verb
    app.add_typer(verbs.app)


def main() -> None:
    """Run the command line; a user's mistake is one clear message and exit code 2."""
    # else Python looks for cycles among TensorFlow's objects at its end: nearly a second a worker
    atexit.register(gc.freeze)
    collect_rarely()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looks through every package
    try:
        app()
    except HarnessError as error:
        _mistake(str(error))
    except OSError as error:
        # a place that was named, on the command line, in a study or by a variable
        place = error.filename2 or error.filename
        message = unwritable(error) or (place and f"{told(str(place))}: {error.strerror}")
        if not message:
            _fault()
        remedy = f"; {REMEDY}" if _in_record(error, place) else ""
        _mistake(redacted(f"{message}{remedy}"))
    except Exception:  # noqa: BLE001  a fault of ours: its traceback, with secrets masked
        _fault()


def _in_record(error: OSError, place: str | bytes | None) -> bool:
    """Whether the record has a folder in place of a file, or a file in place of a folder."""
    kinds = (IsADirectoryError, NotADirectoryError)
    return isinstance(error, kinds) and runtime().runs.absolute() in Path(str(place)).parents


def _mistake(message: str) -> NoReturn:
    typer.echo(f"harness: {message}", err=True)
    sys.exit(USER_ERROR)


def _fault() -> NoReturn:
    """End with the traceback of the current exception."""
    typer.echo(redacted(traceback.format_exc()), err=True, nl=False)
    sys.exit(1)
