"""Folders of images and encoder files are identified by content, not by path."""

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.config.catalog import ENCODERS
from harness.config.identity import digest
from harness.config.inputs.encoder_file import form
from harness.config.inputs.facts import image_facts, scoring
from harness.config.inputs.folder import Folder, Picture, read_digest, shown, survey
from harness.config.inputs.folder.archive import members
from harness.config.inputs.images import check, known
from harness.config.inputs.lacking import CHOICE, Lacking, Recorded, recalled
from harness.config.inputs.prepared import absent
from harness.config.patch import flatten, unflatten
from harness.config.plugins import contents
from harness.config.trial import DataConfig, TrialConfig
from harness.core.cache import stamp
from harness.core.files import write_atomically

SETTLED = 2.0  # seconds; the clocks of network file systems tick that slowly


def surveyed(data: DataConfig, cache: Path) -> Folder:
    """The images at data.path; digests of the files are stored in `cache`."""
    digests = _DigestCache(cache)
    archives: dict[Path, dict[str, str]] = {}

    def content(picture: Picture) -> str:
        try:
            if picture.member is None:
                return digests.of(picture.file)
            if picture.file not in archives:
                archives[picture.file] = _members(picture.file, digests.of(picture.file), cache)
            return archives[picture.file].get(picture.member) or read_digest(picture)
        except OSError:
            return ""  # it cannot be read: its decoding says why

    surveyed = survey(data, content)
    digests.save()
    return surveyed


def _members(archive: Path, content: str, cache: Path) -> dict[str, str]:
    """Digests of an archive's members, computed once per archive."""
    file = cache / "archives" / f"{content[:16]}.json"
    if kept := _kept(file):
        return kept
    digests = {m: read_digest(Picture(m, archive, m)) for m in members(archive)}
    _keep(file, digests)
    return digests


def _kept(file: Path) -> dict[str, Any]:
    """The digests that `_keep` wrote; empty if the file is missing, damaged or too old."""
    try:
        document = json.loads(file.read_text())
        digests: dict[str, Any] = document["files"]
        return digests if document["digest"] == digest(digests) else {}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _keep(file: Path, digests: Mapping[str, Any]) -> None:
    with suppress(OSError):  # a read-only runs folder costs time here; the run itself says so
        write_atomically(file, json.dumps({"digest": digest(digests), "files": digests}))


def encoder_content(path: Path, cache: Path) -> str:
    """The content of a user's encoder; an error if the file cannot be an encoder."""
    form(path)
    known = _DigestCache(cache)
    result = file_content(path, known.of(path))
    known.save()
    return result


def file_content(path: Path, digest: str) -> str:
    """The content of an encoder: 16 hex digits of the file's SHA-256, and `-bytes` if it takes
    bytes.

    Earlier versions gave such a model [0, 1]; those scores must not be found under this identity.
    """
    return digest[:16] + ("-bytes" if form(path).bytes else "")


class _DigestCache:
    """Digests of files, stored by path, size, time and inode.

    A file that changed a moment ago is not stored: a change within the same tick of the file
    system's clock would leave the same time.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "digests.json"
        self.changed = False
        self.entries = _kept(self.file)

    def of(self, path: Path) -> str:
        now = [*stamp(path.stat())]
        name = str(path.resolve())
        known = self.entries.get(name)
        if known is not None and known[:-1] == now:
            return str(known[-1])
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        self.changed = self.entries.pop(name, None) is not None or self.changed
        if [*stamp(path.stat())] == now and time.time() - path.stat().st_ctime > SETTLED:
            self.entries[name] = [*now, content]
            self.changed = True
        return content

    def save(self) -> None:
        if self.changed:
            _keep(self.file, self.entries)


class Contents:
    """Facts about the files that configurations name, each computed once per object."""

    def __init__(self, cache: Path, recorded: Recorded | None = None) -> None:
        self._cache, self._recorded = cache, recorded
        self._lacking: dict[str, Lacking | None] = {}  # by their path and what it depends on
        self._encoders: dict[str, str] = {}
        self._folders: dict[str, Folder] = {}

    @property
    def lacking(self) -> tuple[Lacking, ...]:
        """Files and folders that are not here; their content is that of a record."""
        return tuple(filter(None, self._lacking.values()))

    def fill(self, config: TrialConfig) -> TrialConfig:
        """Set the digests of the files that a configuration names, and a folder's classes.

        Raises an error if there are too few images, or if required labels are missing.
        """
        values: dict[str, str | int] = {}
        folder = self._images(config)
        if folder is None and (gone := self._recalled(config, "data.path")):
            values["data.content"] = gone.content
        if folder is not None:
            values["data.content"] = folder.content
            if config.labels.of_images:
                values["labels.classes"] = folder.need_classes(
                    "labels.conditioning", "set labels.conditioning to none or infogan"
                )
        if (config.evaluation.encoder or "") not in ENCODERS:
            values["evaluation.encoder_content"] = self._encoder(config)
        values |= contents(config)
        filled = unflatten({**flatten(config), **values}) if values else config
        check(filled, folder, self._cache)
        return filled

    def facts(self, cells: Mapping[str, TrialConfig]) -> tuple[dict[str, Any], ...]:
        """Counts and places of the images of each data set that is trained on."""
        by_content: dict[str, dict[str, Any]] = {}
        for label, config in cells.items():
            folder = self._images(config)
            counts = image_facts(config.data, folder, self._cache)
            number = known(config.data, folder, self._cache).validation
            counts["notes"] += [*scoring(config, number), *filter(None, [absent(config.data.name)])]
            place = shown(folder.root.absolute()) if folder else config.data.path
            about = {"image_size": config.data.image_size, "place": place, **counts}
            by_content.setdefault(json.dumps(about), {**about, "cells": []})["cells"].append(label)
        return tuple(by_content.values())

    def folder(self, data: DataConfig) -> Folder:
        """The images in the folder that a configuration names."""
        parts = (data.path, data.train_split, data.validation_split, data.validation_fraction)
        name = json.dumps(parts)
        if name not in self._folders:
            self._folders[name] = surveyed(data, self._cache)
        return self._folders[name]

    def _images(self, config: TrialConfig) -> Folder | None:
        """The folder that a configuration names; None if it names none or a record stands in."""
        if config.data.path is None or self._recalled(config, "data.path"):
            return None
        return self.folder(config.data)

    def _encoder(self, config: TrialConfig) -> str:
        """The content of an encoder's file; if the file is missing, from the record."""
        path = config.evaluation.encoder or ""
        if gone := self._recalled(config, "evaluation.encoder"):
            return gone.content
        if path not in self._encoders:
            self._encoders[path] = encoder_content(Path(path), self._cache)
        return self._encoders[path]

    def _recalled(self, config: TrialConfig, knob: str) -> Lacking | None:
        labels = config.labels.of_images or config.evaluation.encoder == "classifier"
        if knob == "data.path" and (config.data.path is None or labels):
            return None  # only the images tell their classes
        knobs = flatten(config)
        name = json.dumps([knobs[each] for each in (knob, *CHOICE[knob])])
        if name not in self._lacking:
            self._lacking[name] = recalled(knobs, knob, self._recorded)
        return self._lacking[name]
