"""Folders of images and encoder files enter a trial by content, not by place."""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from harness.catalog import ENCODERS
from harness.config.folder import count_classes, image_files
from harness.config.patch import flatten, unflatten
from harness.config.trial import DataConfig, TrialConfig
from harness.errors import HarnessError
from harness.files import write_atomically


def folder_digest(folder: Path, cache: Path) -> str:
    """Digest of the sorted relative names and contents of the images below `folder`."""
    files = image_files(folder)
    known = _DigestCache(cache)
    lines = (f"{path.relative_to(folder).as_posix()}\0{known.of(path)}" for path in files)
    result = _digest(lines)
    known.save()
    return result


def file_digest(path: Path, cache: Path) -> str:
    """Digest of one file's content."""
    if not path.is_file():
        raise HarnessError(f"evaluation.encoder: there is no file {path}")
    known = _DigestCache(cache)
    result = known.of(path)[:16]
    known.save()
    return result


def _digest(lines: Iterable[str]) -> str:
    total = hashlib.sha256()
    for line in lines:
        total.update(f"{line}\n".encode())
    return total.hexdigest()[:16]


class _DigestCache:
    """Digests of files, remembered by path, size and modification time."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "digests.json"
        self.entries: dict[str, Any] = {}
        self.changed = False
        try:
            self.entries = json.loads(self.file.read_text())
        except (OSError, ValueError):
            self.entries = {}  # absent or torn: digests are computed anew

    def of(self, path: Path) -> str:
        status = path.stat()
        stamp = [status.st_size, status.st_mtime_ns]
        name = str(path.resolve())
        entry = self.entries.get(name)
        if entry is None or entry[:2] != stamp:
            self.changed = True
            entry = [*stamp, hashlib.sha256(path.read_bytes()).hexdigest()]
            self.entries[name] = entry
        return str(entry[2])

    def save(self) -> None:
        if not self.changed:
            return
        try:
            write_atomically(self.file, json.dumps(self.entries))
        except OSError:
            return  # a read-only runs folder costs time here; the run itself says so


class Contents:
    """What is known of what configurations name by path, each found once in the object's life."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known: dict[str, str] = {}
        self._counted: dict[str, int] = {}

    def fill(self, config: TrialConfig) -> TrialConfig:
        """Fill in the digests of what a configuration names by path, and a folder's classes."""
        found: dict[str, str | int] = {}
        if config.data.path is not None:
            found["data.content"] = self._digest(config.data.path, folder_digest)
            if config.labels.of_images:
                found["labels.classes"] = self._classes(config.data)
        encoder = config.evaluation.encoder or ""
        if encoder not in ENCODERS:
            found["evaluation.encoder_content"] = self._digest(encoder, file_digest)
        return unflatten({**flatten(config), **found}) if found else config

    def _classes(self, data: DataConfig) -> int:
        name = data.model_dump_json()
        if name not in self._counted:
            self._counted[name] = count_classes(data)
        return self._counted[name]

    def _digest(self, path: str, find: Callable[[Path, Path], str]) -> str:
        if path not in self._known:
            self._known[path] = find(Path(path), self._cache)
        return self._known[path]
