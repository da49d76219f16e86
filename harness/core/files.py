"""Atomic files: written under a temporary name and renamed."""

import errno
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO

from harness.core.errors import Damaged, HarnessError
from harness.core.leftovers import passing
from harness.core.lock import lock_file

# what a user can mend by making room or changing permissions, and no further attempt can
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def unwritable(error: BaseException) -> str:
    """A sentence if `error` means that a file cannot be written, else empty."""
    if not isinstance(error, OSError) or error.errno not in _UNWRITABLE:
        return ""
    place = f"{error.filename}: " if error.filename else "the runs folder: "
    return f"{place}{error.strerror}; everything recorded so far is kept"


def write_atomically(path: Path, content: str | bytes | Callable[[BinaryIO], None]) -> None:
    """Write `content` (text, bytes, or a function that writes to the open file), fsync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = passing(path)
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
    write_atomically(path, json_text(value))


def json_text(value: Any) -> str:
    """The text that `write_json` writes."""
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def read_bytes(path: Path) -> bytes | None:
    """The content of a file; None if there is no file."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise Damaged(path, "a folder in place of a file") from None


def content_digest(content: bytes) -> str:
    """SHA-256 of what a file holds, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def file_digest(path: Path) -> str:
    """The same of a file that may be larger than the memory."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def finite(value: Any) -> Any:
    """Plain data with None for numbers that are not finite, which JSON cannot express."""
    if isinstance(value, Mapping):
        return {name: finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_json(path: Path) -> Any:
    """Read a JSON document; None if there is no file."""
    content = read_bytes(path)
    return None if content is None else parse_json(path, content)


def read_object(path: Path, *needed: str) -> dict[str, Any] | None:
    """Read a JSON object with at least the `needed` names; None if there is no file."""
    content = read_bytes(path)
    return None if content is None else parse_object(path, content, *needed)


def parse_json(path: Path, content: bytes) -> Any:
    """The JSON document in `content`; `path` is for messages."""
    try:
        return json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise Damaged(path, f"not valid JSON ({error})") from None


def parse_object(path: Path, content: bytes, *needed: str) -> dict[str, Any]:
    """The JSON object in `content`, with at least the `needed` names."""
    value = parse_json(path, content)
    if not isinstance(value, dict):
        raise Damaged(path, "not a JSON object")
    if lacks := [name for name in needed if name not in value]:
        raise Damaged(path, f"it lacks {lacks[0]!r}")
    return value


def append_line(path: Path, row: Any) -> None:
    """Append one JSON row; after `settle` it also survives a crash of the machine."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, separators=(",", ":"), allow_nan=False) + "\n")


def settle(path: Path) -> None:
    """Wait until the content of a file is on disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON-lines file, without an incomplete last line (from a kill)."""
    return parse_lines(path, read_bytes(path) or b"")


def parse_lines(path: Path, content: bytes) -> list[dict[str, Any]]:
    """The rows in `content`; `path` is for messages."""
    rows = []
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        try:
            row = json.loads(line.decode())
        except (ValueError, RecursionError) as error:
            raise Damaged(path, f"line {number} is not valid JSON ({error})") from None
        if not isinstance(row, dict):
            raise Damaged(path, f"line {number} is not a JSON object")
        rows.append(row)
    return rows


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Exclusive lock between processes; the system frees it when a process ends.

    `path` is a file, created if missing, or an existing folder.
    """
    is_folder = path.is_dir()
    file = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR | os.O_CREAT, 0o666)
    try:
        # some network file systems lock no folder; who calls with one is right without, but once
        with suppress(OSError) if is_folder else nullcontext():
            lock_file(file)
        yield
    finally:
        os.close(file)


def check_writable(folder: Path) -> None:
    """Raise an error if `folder` cannot be written, before any work is done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = passing(folder / "probe")
        probe.write_bytes(bytes(4096))
        probe.unlink()
    except OSError as error:
        raise HarnessError(f"{folder}: cannot be written ({error.strerror})") from None
