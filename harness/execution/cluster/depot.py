"""The store of a node: what was sent to it, shared by its workers and by later runs."""

import os
import shutil
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from harness.core.cache import DIGESTS
from harness.core.files import file_digest
from harness.execution.cluster.supplies import Item
from harness.runs.transfer import Part, unpack


class Depot:
    """A cache that is filled from home."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache

    @property
    def name(self) -> str:
        """Which store it is, for workers that may share it."""
        return f"{socket.gethostname()}:{self.cache.resolve()}"

    def lacking(self, items: Iterable[Item]) -> list[Item]:
        """Those that are not here, or are others."""
        return [item for item in items if self._digest(item) != item.digest]

    def store(self, item: Item, part: Part) -> None:
        """Take a part of an item."""
        if part.offset == 0 and not self._coming(item).exists():
            self._coming(item).mkdir(parents=True)
        unpack(self._coming(item), [part])

    def stored(self, item: Item) -> None:
        """All parts of an item are here."""
        coming, place = self._coming(item), self.cache / item.name
        is_folder = (coming / DIGESTS).exists()
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)
        (coming if is_folder else coming / place.name).replace(place)
        shutil.rmtree(coming, ignore_errors=True)

    def _digest(self, item: Item) -> str:
        place = self.cache / item.name
        with suppress(OSError):
            return file_digest(place / DIGESTS if place.is_dir() else place)
        return ""

    def _coming(self, item: Item) -> Path:
        """Where an item is put together: apart from what other workers receive."""
        return self.cache / "coming" / f"{os.getpid()}-{item.digest[:32]}"
