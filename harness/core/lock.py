"""The system's lock on an open file: it is freed when the file is closed, or its process dies."""

import fcntl
import os
from pathlib import Path
from typing import IO


class Busy(Exception):
    """Another process, or another part of this one, holds the lock."""


def lock_file(file: IO[str] | IO[bytes] | int, *, shared: bool = False, wait: bool = True) -> None:
    """Lock an open file or folder, with others where it is `shared`, until it is closed.

    Raises Busy where somebody else holds it and `wait` is false, and OSError on a file system that
    has no locks.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(file, kind | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise Busy(str(getattr(file, "name", file))) from None


def is_at(file: IO[str], path: Path) -> bool:
    """Whether an open file is the one that `path` leads to now."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False
