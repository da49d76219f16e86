"""Whether a run is going on: a lock in its folder that dies with those who hold it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.core.lock import lock_file
from harness.runs import layout


@contextmanager
def driven(folder: Path, alone: bool = False) -> Iterator[None]:
    """Drive the run in `folder`, as others may, too; waits while it is being cleaned.

    `alone`: keep it from being driven meanwhile; raises Busy where it is.
    """
    if alone and not folder.exists():
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / layout.DRIVER_LOCK).open("a+") as file:
        lock_file(file, shared=not alone, wait=not alone)
        yield
