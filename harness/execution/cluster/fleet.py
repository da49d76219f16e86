"""Workers as actors of Ray: started and ended, and as many as its nodes have room for."""

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from harness.config.runtime import MOST_WORKERS
from harness.core.errors import HarnessError
from harness.execution.cluster.actor import Actor
from harness.execution.cluster.messages import About
from harness.execution.cluster.ports import answers
from harness.execution.cluster.supplies import Supplies
from harness.runs.plan import PlanRecord

SILENT = "the head of the cluster at {} does not answer; if it is gone, this command ends soon"
LOST = (  # through Ray's client; else Ray ends the process
    "the connection to the cluster was lost; what had arrived is kept: give the command again once "
    "the cluster can be reached"
)
LEAVES = 3.0  # seconds for a worker to tidy up
_DEATHS = {"worker process has died": "the worker process died", "node has died": "its node died"}


class Gone(Exception):
    """A worker, or its node, has died; the message says how."""


@dataclass(frozen=True)
class Share:
    """The resources that Ray reserves for one trial."""

    cpus: float
    gpus: float = 0.0
    memory: float = 0.0  # GB; 0: not counted

    @property
    def asked(self) -> Mapping[str, float]:
        """The resources by Ray's names."""
        every = {"CPU": self.cpus, "GPU": self.gpus, "memory": self.memory * 2**30}
        return {name: amount for name, amount in every.items() if amount > 0}

    def fits(self, nodes: Sequence[Mapping[str, float]]) -> int:
        """How many trials fit at a time; each has to find all of its resources on one node."""
        return sum(
            min(int(node.get(name, 0.0) / amount + 1e-9) for name, amount in self.asked.items())
            for node in nodes
        )


class Terms(NamedTuple):
    """How workers are hired."""

    share: Share
    env: Mapping[str, str]  # set when their processes start
    workers: int | None  # asked for whether there is room or not, so that a cluster may grow


class Worker(Protocol):
    """A worker of the cluster, called one method at a time; each raises Gone if it has died."""

    about: About

    def call(self, method: str, *args: Any) -> Awaitable[Any]:
        """The answer of `Actor.method`."""

    async def leave(self) -> None:
        """Kill its process, once it has removed what it has on its node."""


class Fleet(Protocol):
    """Where workers come from."""

    def room(self) -> int:
        """How many workers to have now, those that are at work included."""

    def trouble(self) -> str:
        """Words for people while the cluster does not answer; else empty."""

    async def hire(self) -> Worker:
        """A new worker, once there is room for it."""


class RayFleet:
    """Workers as Ray actors; nothing is retried by Ray, since the queue decides."""

    def __init__(
        self,
        ray: Any,
        head: str,
        plan: PlanRecord,
        project: str,
        terms: Terms,
        supplies: Supplies,
    ) -> None:
        self._ray, self._head, self._terms, self._supplies = ray, head, terms, supplies
        self._room, self._silent = 0, False
        share = terms.share
        supplies.share = ray.put  # nodes pass parts on to each other
        self._args = ray.put(plan), project  # of many trials it takes long to pickle
        self._actor = ray.remote(Actor).options(
            num_cpus=share.cpus,
            num_gpus=share.gpus,
            memory=share.memory * 2**30 or None,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy="SPREAD",
            # threads are arithmetic, and those of a process are set when it starts
            runtime_env={"env_vars": {**terms.env, "TF_CPP_MIN_LOG_LEVEL": "2"}},
        )

    def room(self) -> int:
        """How many workers to have: as many as were asked for, else as the cluster carries."""
        terms = self._terms
        _check(self._ray)
        self._silent = not answers(self._head)
        if not self._silent:  # Ray would wait for it, and nobody could stop the run meanwhile
            self._room = terms.workers or terms.share.fits(nodes_of(self._ray))
        return min(MOST_WORKERS, self._room)

    def trouble(self) -> str:
        """Words for people while the cluster's head does not answer; else empty."""
        return SILENT.format(self._head) if self._silent else ""

    async def hire(self) -> Worker:
        """A new actor, once Ray has placed it, supplies are there, and TensorFlow is loaded."""
        _check(self._ray)
        worker = RayWorker(self._ray, self._actor.remote(*self._args))
        try:
            await self._supplies.provide(worker, await worker.call("open"))
            worker.about = await worker.call("begin", self._supplies.kept)
        except BaseException:
            worker.kill()
            raise
        return worker


class RayWorker:
    """One actor."""

    about: About

    def __init__(self, ray: Any, handle: Any) -> None:
        self._ray, self._handle = ray, handle

    async def call(self, method: str, *args: Any) -> Any:
        """The answer of a method."""
        exceptions = self._ray.exceptions
        try:
            return await getattr(self._handle, method).remote(*args)
        except exceptions.RayTaskError as error:
            cause = error.as_instanceof_cause()
            if isinstance(cause, HarnessError):
                raise HarnessError(str(error.cause)) from None
            raise Gone(f"{type(error.cause).__name__}: {error.cause}") from None
        except exceptions.RayError as error:
            raise Gone(_how(error)) from None
        except Exception:
            _check(self._ray)
            raise

    async def leave(self) -> None:
        """Kill its process, once it has removed what it has on its node."""
        try:
            with suppress(TimeoutError, Gone, HarnessError):
                async with asyncio.timeout(LEAVES):
                    await self.call("leave")
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill its process, if it has one; Ray also fails where it never got one."""
        with suppress(self._ray.exceptions.RayError, HarnessError):
            _check(self._ray)
            self._ray.kill(self._handle)


def _check(ray: Any) -> None:
    """Raise HarnessError where Ray's client has given up its connection."""
    if not ray.is_initialized():
        raise HarnessError(LOST)


def nodes_of(ray: Any) -> list[Mapping[str, float]]:
    """The resources of each node that is up, by Ray's names."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _how(error: Exception) -> str:
    """How an actor died, in a line; Ray's text goes on with other processes of the node."""
    text = " ".join(str(error).split())
    if "low on memory" in text:
        return (
            "killed by Ray, since its node ran low on memory; with a larger --memory-per-trial "
            "fewer trials share a node"
        )
    if "creation task" in text:  # a traceback, whose last line is the cause
        return f"the worker process could not start ({str(error).strip().splitlines()[-1].strip()})"
    if "temporarily unavailable" in text:
        return "the worker does not answer: it or its node has died, or cannot be reached"
    because = re.search(r"because (?:its |the |it )?(.{10,200}?)(?:\. |$)", text)
    how = because[1] if because else text[:200]
    return _DEATHS.get(how, f"the worker process died ({how})")
