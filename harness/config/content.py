"""Folders of images and encoder files enter a trial by content, not by place."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.catalog import ENCODERS
from harness.config.patch import flatten, unflatten
from harness.config.trial import TrialConfig
from harness.errors import HarnessError
from harness.files import write_atomically

IMAGES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})


def image_files(folder: Path) -> list[Path]:
    """All image files below `folder`, sorted by their relative path; hidden ones are left out."""
    if not folder.is_dir():
        raise HarnessError(f"data.path: {folder} is no folder")
    files = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not files:
        kinds = ", ".join(sorted(IMAGES))
        raise HarnessError(f"data.path: {folder} holds no image ({kinds})")
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix())


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


def with_content(config: TrialConfig, cache: Path) -> TrialConfig:
    """Fill in the digests of what a configuration names by path."""
    found: dict[str, str] = {}
    if config.data.path is not None:
        found["data.content"] = folder_digest(Path(config.data.path), cache)
    encoder = config.evaluation.encoder or ""
    if encoder not in ENCODERS:
        found["evaluation.encoder_content"] = file_digest(Path(encoder), cache)
    return unflatten({**flatten(config), **found}) if found else config
