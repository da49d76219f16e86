"""Whether a run is going on: a lock in its folder that dies with those who hold it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.runs import layout


class InUse(Exception):
    """A run is going on."""


@contextmanager
def driven(folder: Path, alone: bool = False) -> Iterator[None]:
    """Drive the run in `folder`, as others may, too; waits while it is being cleaned.

    `alone`: keep it from being driven meanwhile; raises InUse where it is.
    """
    if alone and not folder.exists():
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / layout.DRIVER_LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
        except BlockingIOError:
            raise InUse(str(folder)) from None
        yield
