"""Cache of expensive results: entries appear complete and are verified before use.

<entry>/ holds its files, and digests.json with the SHA-256 of each. An entry is verified once per
process (and again if a file has changed); a damaged one is rebuilt, with a note.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from harness.core.errors import HarnessError
from harness.core.files import file_digest, write_json
from harness.core.lock import lock_file

DIGESTS = "digests.json"
NOTE = "harness: note: "  # how a line for people begins in the output of a process

Stamp = tuple[int, ...]


class Entry(NamedTuple):
    """A complete entry."""

    folder: Path
    note: str  # that it was damaged and has been made again; else empty


_checked: dict[Path, tuple[list[Stamp], str]] = {}  # entry → stamps of its files, and its note


def entry(folder: Path, what: str, make: Callable[[Path], None]) -> Entry:
    """The entry at `folder`; if it is missing or damaged, `make` writes its files.

    `make` gets an empty folder; `what` names the content in messages. One process builds an entry
    while the others wait.
    """
    folder, fault = folder.absolute(), ""
    known = _checked.get(folder)
    if known and known[0] == _stamps(folder):
        return Entry(folder, known[1])
    if not folder.exists() or fault_of(folder):
        with locked(folder.with_suffix(".lock")):
            fault = fault_of(folder) if folder.exists() else ""
            if fault or not folder.exists():  # another process may have been first
                _make(folder, what, make)
    note = f"{what} in {folder} {fault}: rebuilt" if fault else ""
    if note:
        sys.stderr.write(f"{NOTE}{note}\n")
    _checked[folder] = (_stamps(folder), note)
    return Entry(folder, note)


def entries_used() -> list[Path]:
    """The entries that this process has asked for."""
    return sorted(_checked)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`, so that only one process builds an entry."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise HarnessError(f"{path.parent}: the cache cannot be written ({error})") from None
    with file:
        lock_file(file)
        yield  # closing the file, or dying, frees the lock


def stamp(status: os.stat_result) -> Stamp:
    """Properties of a file that change when it is written or replaced.

    Programs can set the time of modification back, but not ctime.
    """
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)


def _stamps(folder: Path) -> list[Stamp]:
    try:
        return [stamp(file.stat()) for file in sorted(folder.iterdir())]
    except OSError:
        return []  # being replaced by another process


def fault_of(folder: Path) -> str:
    """The fault of an entry, as the end of a sentence; empty if it is whole."""
    try:
        digests = json.loads((folder / DIGESTS).read_bytes())
        if not isinstance(digests, dict) or not digests:
            return f"had a damaged {DIGESTS}"
        damaged = [name for name, digest in digests.items() if file_digest(folder / name) != digest]
    except FileNotFoundError as error:
        return f"had no {Path(error.filename).name}"
    except (OSError, ValueError):
        return f"had files that cannot be read, or a damaged {DIGESTS}"
    return f"had a damaged {damaged[0]}" if damaged else ""


def _make(folder: Path, what: str, make: Callable[[Path], None]) -> None:
    temporary, old = (folder.with_name(f".{folder.name}.{end}") for end in ("tmp", "old"))
    shutil.rmtree(temporary, ignore_errors=True)  # one maker at a time: it holds the lock
    try:
        temporary.mkdir(parents=True)
        make(temporary)
        files = sorted(temporary.iterdir())
        for file in files:
            _sync(file)
        write_json(temporary / DIGESTS, {file.name: file_digest(file) for file in files})
        _sync_names(temporary)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
            folder.replace(old)  # others never see half of it
        temporary.replace(folder)
        _sync_names(folder.parent)
    except OSError as error:
        raise HarnessError(f"{folder}: {what} cannot be stored ({error})") from error
    finally:
        for left in (temporary, old):
            shutil.rmtree(left, ignore_errors=True)


def _sync_names(folder: Path) -> None:
    with suppress(OSError):  # some network file systems sync no folders
        _sync(folder)


def _sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
