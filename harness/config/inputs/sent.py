"""Files that a study names by their path: which were read, and their copies on a cluster's node.

A node has no file of the study's. What home has read is sent there, and read in its place.
"""

from collections.abc import Mapping
from pathlib import Path

_read: dict[str, Path] = {}
_copies: dict[str, Path] = {}


def located(name: str, path: Path) -> Path:
    """The file to read: the copy that was sent of what home knows by `name`, else `path`."""
    if name in _copies:
        return _copies[name]
    _read[name] = path
    return path


def copy_of(name: str) -> Path | None:
    """The copy that was sent here; None on a machine that has its own."""
    return _copies.get(name)


def files_read() -> dict[str, Path]:
    """The files that this process has read so far, by the names that `located` was given."""
    return dict(_read)


def use_copies(copies: Mapping[str, Path]) -> None:
    """From now on read these."""
    _copies.update(copies)
