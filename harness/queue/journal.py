"""The file of a queue: a journal that can write many lines with one lock and one fsync."""

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import IO, Any

from optuna.exceptions import OptunaError
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend, JournalFileBackend

from harness.core.errors import HarnessError
from harness.core.lock import lock_file

JOURNAL = "ledger.log"  # in the folder of a run
# whatever a torn, changed or foreign line makes Optuna raise when it replays a journal
UNREADABLE = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError,
    ValueError, OptunaError,
)  # fmt: skip
_PIECE = 4096  # bytes that are looked through at once for the end of a line


class Journal(JournalStorage):
    """Optuna's journal; for use by one thread of a process."""

    def __init__(self, path: Path) -> None:
        """Open or create the file at `path`; raises as JournalStorage does if it is damaged.

        An incomplete last line (from a kill or a full disk) is removed.
        """
        self._lines = _Lines(path)
        if torn(path):
            with self._lines.together():
                pass
        super().__init__(self._lines)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep other processes from writing meanwhile, and sync the disk once, at the end."""
        with self._lines.together():
            yield


def open_journal(folder: Path) -> Journal:
    """Open or create the journal of the run in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / JOURNAL
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


class Kept(BaseJournalBackend):
    """The complete lines of a journal on disk, read-only."""

    def __init__(self, path: Path) -> None:
        lines = path.read_bytes().split(b"\n")[:-1]
        self._logs = [json.loads(line.decode()) for line in lines]

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """The entries from a number on."""
        return iter(self._logs[log_number_from:])

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Refused."""
        raise RuntimeError("this ledger is read-only")


def torn(path: Path) -> bool:
    """Whether the last line is incomplete."""
    with path.open("rb") as file:
        return _end(file) > 0


def cut(path: Path, file: FileIO) -> None:
    """Remove an incomplete last line; `file` is the journal, open for appending and locked."""
    with path.open("rb") as reader:
        if rest := _end(reader):
            file.truncate(file.seek(0, os.SEEK_END) - rest)
            os.fsync(file.fileno())


def _end(file: IO[bytes]) -> int:
    """Bytes after the last end of a line."""
    size = file.seek(0, os.SEEK_END)
    rest = 0
    while rest < size:
        step = min(_PIECE, size - rest)
        file.seek(size - rest - step)
        place = file.read(step).rfind(b"\n")
        if place >= 0:
            return rest + step - place - 1
        rest += step
    return rest


class _Lines(JournalFileBackend):
    """The lines of a journal.

    Optuna's locks are files that a waiting process looks for again after ever longer pauses, up to
    a second, and that a killed one leaves behind for half a minute. The system's lock on the
    journal itself wakes waiting processes, and is freed when its holder ends.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path
        self._file: FileIO | None = None  # while this process holds the lock
        self._unsynced = False

    @contextmanager
    def together(self) -> Iterator[None]:
        if self._file is not None:
            yield
            return
        with self._path.open("ab", buffering=0) as file:
            lock_file(file)
            cut(self._path, file)
            self._file = file
            try:
                yield
            finally:
                self._file = None
                if self._unsynced:
                    os.fsync(file.fileno())
                    self._unsynced = False

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """The entries from a number on; where none has come, the file is not opened."""
        end = self._log_number_offset.get(log_number_from)
        if end is None or end != self._path.stat().st_size:
            yield from super().read_logs(log_number_from)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write one line for each of `logs`, as Optuna's own backend does."""
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
        with self.together():
            assert self._file is not None
            self._unsynced = True
            end = self._file.seek(0, os.SEEK_END)
            try:
                while text:
                    text = text[self._file.write(text) :]
            except OSError:
                self._file.truncate(end)  # half a line would damage the journal for good
                raise
