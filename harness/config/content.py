"""Folders of images and encoder files enter a trial by content, not by place."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from harness.cache import stamp
from harness.catalog import ENCODERS
from harness.config.encoder_file import form
from harness.config.folder import count_classes, image_files
from harness.config.identity import digest
from harness.config.patch import flatten, unflatten
from harness.config.trial import DataConfig, TrialConfig
from harness.files import write_atomically

SETTLED = 2.0  # seconds; the clocks of network file systems tick that slowly


def folder_digest(folder: Path, cache: Path) -> str:
    """Digest of the sorted relative names and contents of the images below `folder`."""
    files = image_files(folder)
    known = _DigestCache(cache)
    lines = (f"{path.relative_to(folder).as_posix()}\0{known.of(path)}" for path in files)
    result = _digest(lines)
    known.save()
    return result


def encoder_content(path: Path, cache: Path) -> str:
    """What a user's encoder is, by content; an error where the file can be no encoder."""
    form(path)
    known = _DigestCache(cache)
    result = file_content(path, known.of(path))
    known.save()
    return result


def file_content(path: Path, digest: str) -> str:
    """The content of an encoder by the SHA-256 of its file: 16 hex, and `-bytes` if it takes those.

    Until they were told apart, such a model was given [0, 1], and what was scored so is no answer
    to what is asked of it now.
    """
    return digest[:16] + ("-bytes" if form(path).bytes else "")


def _digest(lines: Iterable[str]) -> str:
    total = hashlib.sha256()
    for line in lines:
        total.update(f"{line}\n".encode())
    return total.hexdigest()[:16]


class _DigestCache:
    """Digests of files, remembered by path and by all that changes when a file is written.

    A file that changed a moment ago is not remembered: what is written to it within the same tick
    of the file system's clock would leave the same stamp.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "digests.json"
        self.changed = False
        try:
            document = json.loads(self.file.read_text())
            whole = document["digest"] == digest(document["files"])
            self.entries: dict[str, Any] = document["files"] if whole else {}
        except (OSError, ValueError, LookupError, TypeError):
            self.entries = {}  # absent, torn or of an older version: digests are computed anew

    def of(self, path: Path) -> str:
        now = [*stamp(path.stat())]
        name = str(path.resolve())
        known = self.entries.get(name)
        if known is not None and known[:-1] == now:
            return str(known[-1])
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        self.changed = self.entries.pop(name, None) is not None or self.changed
        if [*stamp(path.stat())] == now and time.time() - path.stat().st_ctime > SETTLED:
            self.entries[name] = [*now, found]
            self.changed = True
        return found

    def save(self) -> None:
        if not self.changed:
            return
        document = {"digest": digest(self.entries), "files": self.entries}
        try:
            write_atomically(self.file, json.dumps(document))
        except OSError:
            return  # a read-only runs folder costs time here; the run itself says so


Recorded = Callable[[str], str | None]  # path of an encoder → its content in a record, if any


class Contents:
    """What is known of what configurations name by path, each found once in the object's life."""

    def __init__(self, cache: Path, recorded: Recorded | None = None) -> None:
        self._cache, self._recorded = cache, recorded
        self.lacking: dict[str, str] = {}  # encoder files that are only in a record → their content
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
            found["evaluation.encoder_content"] = self._encoder(encoder)
        return unflatten({**flatten(config), **found}) if found else config

    def _encoder(self, path: str) -> str:
        """The content of an encoder's file; of one that is not here, what the record says of it."""
        absent = path not in self._known and not Path(path).exists()
        if absent and self._recorded and (found := self._recorded(path)):
            self._known[path] = self.lacking[path] = found
        return self._digest(path, encoder_content)

    def _classes(self, data: DataConfig) -> int:
        name = data.model_dump_json()
        if name not in self._counted:
            self._counted[name] = count_classes(data)
        return self._counted[name]

    def _digest(self, path: str, find: Callable[[Path, Path], str]) -> str:
        if path not in self._known:
            self._known[path] = find(Path(path), self._cache)
        return self._known[path]
