"""Folders of images and encoder files enter a trial by content, not by place."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.catalog import ENCODERS
from harness.config.facts import facts, scoring
from harness.config.folder import Folder, Picture, read_digest, shown, survey
from harness.config.folder.archive import members
from harness.config.images import check, known
from harness.config.patch import flatten, unflatten
from harness.config.prepared import absent
from harness.config.trial import DataConfig, TrialConfig
from harness.errors import HarnessError
from harness.files import write_atomically


def surveyed(data: DataConfig, cache: Path) -> Folder:
    """What lies at data.path; the digests of its files are remembered in `cache`."""
    digests = _DigestCache(cache)
    archives: dict[Path, dict[str, str]] = {}

    def digest(picture: Picture) -> str:
        try:
            if picture.member is None:
                return digests.of(picture.file)
            if picture.file not in archives:
                archives[picture.file] = _members(picture.file, digests.of(picture.file), cache)
            return archives[picture.file].get(picture.member) or read_digest(picture)
        except OSError:
            return ""  # it cannot be read: its decoding says why

    found = survey(data, digest)
    digests.save()
    return found


def _members(archive: Path, content: str, cache: Path) -> dict[str, str]:
    """Digests of an archive's members, which unpacking would cost time for again and again."""
    file = cache / "archives" / f"{content[:16]}.json"
    try:
        kept: dict[str, str] = json.loads(file.read_text())
        return kept
    except (OSError, ValueError):
        pass  # absent or torn: computed anew
    found = {m: read_digest(Picture(m, archive, m)) for m in members(archive)}
    with suppress(OSError):  # as for the digests of files
        write_atomically(file, json.dumps(found))
    return found


def file_digest(path: Path, cache: Path) -> str:
    """Digest of one file's content."""
    if not path.is_file():
        raise HarnessError(f"evaluation.encoder: there is no file {path}")
    known = _DigestCache(cache)
    result = known.of(path)[:16]
    known.save()
    return result


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
        self._encoders: dict[str, str] = {}
        self._folders: dict[str, Folder] = {}

    def fill(self, config: TrialConfig) -> TrialConfig:
        """Fill in the digests of what a configuration names by path, and a folder's classes.

        Raises an error if the images are too few, or lack the labels, for what is asked of them.
        """
        found: dict[str, str | int] = {}
        folder = None if config.data.path is None else self.folder(config.data)
        if folder is not None:
            found["data.content"] = folder.content
            if config.labels.of_images:
                found["labels.classes"] = folder.need_classes(
                    "labels.conditioning", "set labels.conditioning to none or infogan"
                )
        encoder = config.evaluation.encoder or ""
        if encoder not in ENCODERS:
            found["evaluation.encoder_content"] = self._encoder(encoder)
        filled = unflatten({**flatten(config), **found}) if found else config
        check(filled, folder, self._cache)
        return filled

    def facts(self, cells: Mapping[str, TrialConfig]) -> tuple[dict[str, Any], ...]:
        """How many images of what there are, of each data set that is trained on, and where."""
        found: dict[str, dict[str, Any]] = {}
        for label, config in cells.items():
            folder = None if config.data.path is None else self.folder(config.data)
            own = facts(config.data, folder, self._cache)
            number = known(config.data, folder, self._cache).validation
            own["notes"] += [*scoring(config, number), *filter(None, [absent(config.data.name)])]
            place = shown(folder.root.absolute()) if folder else None
            about = {"image_size": config.data.image_size, "place": place, **own}
            found.setdefault(json.dumps(about), {**about, "cells": []})["cells"].append(label)
        return tuple(found.values())

    def folder(self, data: DataConfig) -> Folder:
        """What lies at the folder that a configuration names."""
        parts = (data.path, data.train_split, data.validation_split, data.validation_fraction)
        name = json.dumps(parts)
        if name not in self._folders:
            self._folders[name] = surveyed(data, self._cache)
        return self._folders[name]

    def _encoder(self, path: str) -> str:
        if path not in self._encoders:
            self._encoders[path] = file_digest(Path(path), self._cache)
        return self._encoders[path]
