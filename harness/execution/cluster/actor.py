"""The Ray actor: one process that trains; TensorFlow is imported there alone."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from harness.core.own_folder import WORKER, common_folder, make_folder, remove_folder
from harness.execution.cluster.depot import Depot
from harness.execution.cluster.messages import About, Report
from harness.execution.cluster.supplies import Item, Kept
from harness.queue.base import Claim
from harness.runs.plan import PlanRecord
from harness.runs.transfer import Part

_REMOTE = "harness.execution.worker.remote"
_KEPT = "cache"  # of a node: shared by its workers, and by later ones


class Actor:
    """`harness.execution.worker.remote.Remote`, in a folder that no other process uses."""

    def __init__(self, plan: PlanRecord, project: str) -> None:
        self._remote: Any = None
        self._plan, self._project = plan, project
        cache = common_folder() / _KEPT
        cache.mkdir(exist_ok=True)
        self._folder = make_folder(WORKER)
        (self._folder / _KEPT).symlink_to(cache)
        self._depot = Depot(self._folder / _KEPT)

    def open(self) -> str:
        """The name of this node's store; by a call, so that an error is told as it is."""
        return self._depot.name

    def lacking(self, items: Sequence[Item]) -> list[Item]:
        """Which supplies this node has not got."""
        return self._depot.lacking(items)

    def store(self, item: Item, part: Part) -> None:
        """Take a part of a supply."""
        self._depot.store(item, part)

    def stored(self, item: Item) -> None:
        """All parts of a supply were sent."""
        self._depot.stored(item)

    def begin(self, kept: Kept) -> About:
        """Load TensorFlow."""
        # by name: this process trains, and the driver, which names the class, must not
        remote = import_module(_REMOTE)
        self._remote = remote.Remote(self._plan, self._folder, self._project, kept)
        about: About = self._remote.about()
        return about

    def receive(self, key: str, parts: Sequence[Part]) -> None:
        """Take pieces of the folder of a trial that was begun elsewhere."""
        self._remote.receive(key, parts)

    def start(
        self, claim: Claim, knobs: Mapping[str, Any], keep_all: bool, seconds: float
    ) -> Report:
        """Begin an attempt; its first changes."""
        report: Report = self._remote.start(claim, knobs, keep_all, seconds)
        return report

    def poll(self, seconds: float) -> Report:
        """The changes since the last call."""
        report: Report = self._remote.poll(seconds)
        return report

    def answer(self, gives_up: bool) -> None:
        """Whether the trial is given up, which a report asked for."""
        self._remote.answer(gives_up)

    def stop(self) -> None:
        """Ask the training to write a checkpoint and end."""
        self._remote.stop()

    def leave(self) -> None:
        """Remove this worker's folder, before it is killed, and those that the dead have left."""
        remove_folder(self._folder)
