"""Temporary names of files and folders, and removal of those that killed processes left.

A file is written under such a name and then renamed; a folder is renamed to such a name and then
removed. So a file or folder with its proper name is complete. The temporary name contains machine
(and container) and process.
"""

import os
import re
import secrets
import shutil
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

COMING, GOING = "tmp", "trash"
OLD = 24 * 3600.0  # seconds after which a name of another machine's process is nobody's any more
_NAME = re.compile(rf"\..+\.([0-9a-f]{{8}})-(\d+)-[0-9a-f]{{8}}\.({COMING}|{GOING})")
_EARLIER = re.compile(r"\..+\.\d+\.tmp|\.progress\.tmp")  # as an earlier version named its files
LONGEST = 200  # bytes of a name that are kept, so that the whole stays below 255


def passing(path: Path, kind: str = COMING) -> Path:
    """A hidden temporary name in the folder of `path`, unique to this process and host."""
    name = path.name.encode()[:LONGEST].decode(errors="ignore")
    return path.with_name(f".{name}.{_here()}-{os.getpid()}-{secrets.token_hex(4)}.{kind}")


def discard(path: Path) -> None:
    """Remove a file or folder atomically, even if this process is killed."""
    going = passing(path, GOING)
    try:
        path.rename(going)
    except (FileNotFoundError, NotADirectoryError):
        return
    settle_folder(path.parent)
    _remove(going)


def set_aside(path: Path, folder: Path, name: str) -> Path:
    """Move a damaged file into `folder`, under its name and the time; return its new path."""
    folder.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    kept = folder / f"{at}-{name}"
    number = 1
    while kept.exists():
        number += 1
        kept = folder / f"{at}-{number}-{name}"
    path.rename(kept)
    settle_folder(path.parent)
    return kept


def settle_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk, if the file system supports that."""
    with suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def find_leftovers(folder: Path) -> list[Path]:
    """Temporary files in `folder` of processes that have ended or have been silent for long."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except OSError:
        return []
    hidden = (folder / name for name in names if name.startswith("."))
    return [path for path in hidden if _abandoned(path)]


def sweep(*folders: Path) -> list[Path]:
    """Remove the leftovers in these folders, and return them."""
    removed = [path for folder in folders for path in find_leftovers(folder)]
    for path in removed:
        _remove(path)
    return removed


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _abandoned(path: Path) -> bool:
    name = _NAME.fullmatch(path.name)
    if name and name[1] == _here():
        return int(name[2]) != os.getpid() and not _lives(int(name[2]))
    if not name and not (_EARLIER.fullmatch(path.name) and path.is_file()):
        return False
    try:
        return time.time() - path.lstat().st_mtime > OLD
    except OSError:  # its process has just renamed or removed it
        return False


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # another user's; no process id
        pass
    return True


@cache
def _here() -> str:
    """8 hex digits of the scope of process ids: the machine since its start, and the container."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text())
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115 - no path, but a name
    return sha256("\0".join(parts).encode()).hexdigest()[:8]
