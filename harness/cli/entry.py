"""The command line that all verbs belong to, and how it ends."""

import sys
import traceback
from pathlib import Path
from typing import NoReturn

import typer

from harness.cli import analysis, record, studies, wandb
from harness.cli.options import runtime
from harness.core.errors import REMEDY, HarnessError, told
from harness.core.files import unwritable
from harness.core.redact import redacted

USER_ERROR = 2  # the exit code of a mistake that the user can mend

app = typer.Typer(
    help="Settle which GAN training tips hold on your images.",
    epilog="Start with: harness run quickstart. harness studies lists what can be run.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for verbs in (studies, record, analysis, wandb):
    app.add_typer(verbs.app)


def main() -> None:
    """Run the command line; a mistake of the user's is one clear message and exit code 2."""
    try:
        app()
    except HarnessError as error:
        _mistake(str(error))
    except OSError as error:
        # a place that was named, on the command line, in a study or by a variable
        place = error.filename2 or error.filename
        said = unwritable(error) or (place and f"{told(str(place))}: {error.strerror}")
        if not said:
            _fault()
        remedy = f"; {REMEDY}" if _in_record(error, place) else ""
        _mistake(redacted(f"{said}{remedy}"))
    except Exception:  # noqa: BLE001  a fault of ours is shown whole, but for secrets
        _fault()


def _in_record(error: OSError, place: str | bytes | None) -> bool:
    """Whether a folder stands in the record where a file should be, or the other way round."""
    kinds = (IsADirectoryError, NotADirectoryError)
    return isinstance(error, kinds) and runtime().runs.absolute() in Path(str(place)).parents


def _mistake(said: str) -> NoReturn:
    typer.echo(f"harness: {said}", err=True)
    sys.exit(USER_ERROR)


def _fault() -> NoReturn:
    """End with the traceback of what is being handled."""
    typer.echo(redacted(traceback.format_exc()), err=True, nl=False)
    sys.exit(1)
