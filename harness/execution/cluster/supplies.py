"""Supplies of trainings, sent to each node once: decoded images, features, encoders, files."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from harness.config.identity import digest
from harness.config.runtime import Runtime
from harness.core.cache import DIGESTS, fault_of
from harness.core.errors import Damaged
from harness.core.files import file_digest, read_object
from harness.runs import layout
from harness.runs.plan import PlanRecord
from harness.runs.transfer import Part, pieces

CHUNK = 16 * 2**20  # bytes of a part
_PARTS = ("data", "evaluation", "translation")  # of a configuration: what is read and scored


class Item(NamedTuple):
    """A folder of the cache, or a file, by its content."""

    name: str  # where it goes, below the node's cache
    digest: str  # of the file, or of the folder's list of digests


class Kept(NamedTuple):
    """Facts that a worker needs to use the supplies."""

    images: dict[str, Any]  # facts about data sets (`gan.data.Found`), by their settings
    copies: dict[str, str]  # name of a file at home → of its copy, below the node's cache


class Receiver(Protocol):
    """A worker that asks for supplies."""

    async def call(self, method: str, *args: Any) -> Any:
        """The answer of a method of `Depot`."""


@dataclass
class Supplies:
    """The supplies of a run, as they lie at home."""

    items: dict[Item, Path]
    kept: Kept
    share: Callable[[Part], Any] = lambda part: part  # how a part is passed to many nodes
    _parts: dict[Item, list[Any]] = field(default_factory=dict)
    _sending: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def provide(self, worker: Receiver, store: str) -> None:
        """Send the items that a node's store lacks; one worker a node at a time is sent any."""
        async with self._sending[store]:
            for item in await worker.call("lacking", list(self.items)):
                for part in self._of(item):
                    await worker.call("store", item, part)
                await worker.call("stored", item)

    def _of(self, item: Item) -> list[Any]:
        """The parts of an item, read once for all nodes."""
        if item not in self._parts:
            self._parts[item] = [self.share(part) for part in _pieces(self.items[item])]
        return self._parts[item]


def wanted(plan: PlanRecord) -> str:
    """For which images and metrics a plan needs supplies, as a digest."""
    kinds = {
        json.dumps({k: v for k, v in cell.config.items() if k.partition(".")[0] in _PARTS})
        for cell in plan.cells
    }
    further = [dict(metric) for metric in plan.metrics]
    return digest([sorted(kinds), plan.plugins.to_json() if plan.plugins else None, *further])


def read_supplies(plan: PlanRecord, runtime: Runtime) -> Supplies | None:
    """Those that were gathered for a plan and still lie here; None: they have to be gathered."""
    path = runtime.study(plan.run_name) / layout.SUPPLIES
    copies, items = {}, {}
    try:
        document = read_object(path, "wanted", "images", "entries", "files")
        if document is None or document["wanted"] != wanted(plan):
            return None
        for name in document["entries"]:
            if fault_of(runtime.cache / name):  # a node could not make it again
                return None
            items[Item(name, file_digest(runtime.cache / name / DIGESTS))] = runtime.cache / name
        for name, file in document["files"].items():
            source = Path(file["path"])
            copies[name] = f"files/{file['digest'][:32]}/{source.name}"
            items[Item(copies[name], file_digest(source))] = source
    except (OSError, Damaged):
        return None
    return Supplies(items, Kept(document["images"], copies))


def _pieces(path: Path) -> Iterator[Part]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as opened:
            yield from pieces(file.name, opened, CHUNK)
