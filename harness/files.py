"""Files that are whole or absent: written beside their place and renamed."""

import errno
import fcntl
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from harness.errors import HarnessError

# what a user can mend by making room or changing permissions, and no further attempt can
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def unwritable(error: BaseException) -> str:
    """A sentence if `error` says that something cannot be written, else the empty text."""
    if not isinstance(error, OSError) or error.errno not in _UNWRITABLE:
        return ""
    place = f"{error.filename}: " if error.filename else "the runs folder: "
    return f"{place}{error.strerror}; what was recorded so far is kept"


def write_atomically(path: Path, content: str | bytes | Callable[[BinaryIO], None]) -> None:
    """Write `content` (text, bytes, or a function that writes to the open file), fsync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document atomically, indented for people."""
    write_atomically(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def json_text(value: Any) -> str:
    """A JSON document of plain data, indented for people; what is not finite is null.

    JSON has no word for NaN and infinity, and strict parsers fail on those that Python writes.
    """
    return json.dumps(_finite(value), indent=1, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_json(path: Path) -> Any:
    """Read a JSON document; None where there is none."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise HarnessError(f"{path}: not a whole JSON document ({error})") from None


def append_line(path: Path, row: Any) -> None:
    """Append one JSON row; it outlives the process at once, and the machine after `settle`."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, separators=(",", ":"), allow_nan=False) + "\n")


def settle(path: Path) -> None:
    """Wait until what was written to a file is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON-lines file; a torn last line (a kill in mid-write) is left out."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        rows.append(json.loads(line))
    return rows


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Only one process at a time is inside; the system frees the lock when a process dies."""
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def check_writable(folder: Path) -> None:
    """Raise an error before any work is done where nothing could be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.write_bytes(bytes(4096))
        probe.unlink()
    except OSError as error:
        raise HarnessError(f"{folder}: cannot be written ({error.strerror})") from None
