"""The Optuna storage of a ledger: a journal file by default, PostgreSQL by URL."""

from pathlib import Path
from typing import TYPE_CHECKING

from optuna.exceptions import OptunaError

from harness.core.errors import HarnessError, told, unknown
from harness.core.redact import redacted
from harness.queue.journal import Journal

if TYPE_CHECKING:
    from harness.queue.database import Database

# whatever a torn, changed or foreign line makes Optuna raise when it replays a journal
UNREADABLE = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError,
    ValueError, OptunaError,
)  # fmt: skip
JOURNAL = "ledger.log"  # in the folder of a run
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite",
}


def open_storage(folder: Path, url: str, workers: int) -> "Journal | Database":
    """Open the database at `url`, or the journal in `folder` if it is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    return _open_database(url, workers) if url else _open_journal(folder.resolve() / JOURNAL)


def _open_journal(path: Path) -> Journal:
    try:
        return Journal(path)
    except OSError as error:
        raise HarnessError(f"{path}: the queue cannot be opened ({error.strerror})") from None
    except UNREADABLE:
        raise damaged(path) from None


def damaged(path: Path) -> HarnessError:
    """The error of a journal with an invalid line."""
    return HarnessError(
        f"{path}: the queue is damaged; move this file away (harness doctor --fix does it) and "
        "run again: results are in the trials' folders, and only missing trials are queued"
    )


def _open_database(url: str, workers: int) -> "Database":
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise HarnessError("storage: not a URL; give postgresql://user@host/database")
    if scheme not in _DRIVERS:
        raise HarnessError(f"storage: {unknown('kind of database', scheme, _DRIVERS)}")
    if scheme == "sqlite" and workers > 1:
        raise HarnessError(
            f"storage {redacted(url, url)}: SQLite may give one trial to two workers; leave the "
            "storage empty for a journal file, use postgresql://..., or run one worker"
        )
    from sqlalchemy.exc import SQLAlchemyError  # 0.3 s that only a database need cost

    from harness.queue.database import Database

    timeout = {"timeout": 60} if scheme == "sqlite" else {"connect_timeout": 10}
    try:
        return Database(f"{_DRIVERS[scheme]}://{rest}", timeout)
    except ImportError:
        raise HarnessError(
            "storage: the PostgreSQL driver is missing; install the extra `postgres`"
        ) from None
    except (SQLAlchemyError, RuntimeError, ValueError) as error:
        # unreachable, a schema of another Optuna, a bad port; `from None`: may hold the password
        reason = told(redacted(str(error), url)) or "no answer"
        raise HarnessError(f"storage {redacted(url, url)}: {reason}") from None
