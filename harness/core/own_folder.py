"""Temporary folders of one process each; where it was killed, the next process removes them.

A process holds the lock on a file in its folder. Folders are made and removed under one lock of all
of them, so none can be taken for that of a dead process before its process has locked it.
"""

import atexit
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from harness.core.files import alone
from harness.core.lock import Busy, lock_file

WORKER, PAGES = "worker", "pages"  # kinds
_LOCK, _HELD = "lock", "held"
_held: dict[Path, IO[str]] = {}  # open as long as a folder is this process's


def make_folder(kind: str) -> Path:
    """A new folder, below `common_folder`, that is removed with this process or by a later one."""
    common = common_folder()
    with alone(common / _LOCK):
        _sweep(common)
        folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=common))
        _held[folder] = (folder / _HELD).open("w")
        lock_file(_held[folder])
    atexit.register(_remove, folder)
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder of this process, and those that the dead have left."""
    with alone(folder.parent / _LOCK):
        _remove(folder)
        _sweep(folder.parent)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if held := _held.pop(folder, None):
        held.close()


def common_folder() -> Path:
    """The folder of this user's processes, in the machine's folder for temporary files."""
    common = Path(tempfile.gettempdir()) / f"harness-{os.getuid()}"
    common.mkdir(parents=True, exist_ok=True, mode=0o700)
    return common


def _sweep(common: Path) -> None:
    """Remove the folders of processes that have died; also of one that had not locked it yet."""
    for kind in (WORKER, PAGES):
        for folder in common.glob(f"{kind}-*"):
            with suppress(Busy, OSError):
                if (folder / _HELD).exists():
                    with (folder / _HELD).open("r+") as file:
                        lock_file(file, wait=False)
                        shutil.rmtree(folder)
                else:
                    shutil.rmtree(folder)
