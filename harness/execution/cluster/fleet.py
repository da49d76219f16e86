"""Ray: joined or started, its resources counted, actors started and ended."""

import asyncio
import os
import re
import socket
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from harness.config.runtime import MOST_WORKERS
from harness.core.errors import HarnessError
from harness.execution.cluster.actor import Actor
from harness.execution.cluster.messages import About
from harness.execution.cluster.supplies import Supplies
from harness.execution.devices import usable_cores
from harness.execution.options import FORMS, is_address
from harness.runs.plan import PlanRecord

MISSING = (
    "--on ray: Ray is not installed; install the extra: pip install 'gan-ablation-harness[cluster]'"
)
LEAVES = 3.0  # seconds for a worker to tidy up
PATIENCE = 5.0  # seconds for an address to answer
LONGEST = 300  # characters of a message of Ray that are shown
HERE = "ray"  # --on: the cluster that runs here or that RAY_ADDRESS names, else one is started


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

    async def hire(self) -> Worker:
        """A new worker, once there is room for it."""


class Joined(NamedTuple):
    """A cluster that this process is connected to."""

    ray: Any
    jobs: str  # URL of its job server, as far as it has one


@contextmanager
def joined(address: str, new: bool = True) -> Iterator[Joined]:
    """Connected to a cluster: at `address`, or the one that is found here, or else a `new` one."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to its makers
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "1")  # without a GPU: none is seen
    if named := _named(address):
        if address == HERE and not (named in ("auto", "local") or is_address(named)):
            raise HarnessError(f"RAY_ADDRESS={named} is no address of a cluster: {FORMS}")
        use_token()
    try:
        import ray
    except ImportError:
        raise HarnessError(MISSING) from None
    try:
        context = _join(ray, address, new)
    except (ConnectionError, ValueError, RuntimeError) as error:
        where = f"at {named}" if named else "on this machine"
        by = f"RAY_ADDRESS={named}" if named and address == HERE else f"--on {address}"
        raise HarnessError(
            f"{by}: cannot join a Ray cluster {where} ({_brief(error)}). Does it "
            "run there with this version of Ray, and does this machine have its token "
            "(ray get-auth-token)?"
        ) from None
    try:
        server = context.dashboard_url
        yield Joined(ray, f"http://{server}" if server else "")
    finally:
        ray.shutdown()


def _join(ray: Any, address: str, new: bool) -> Any:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    named = _named(address)
    there = named or _running_here()
    if there == "local":  # Ray's word for a new one
        there = named = ""
    if there and not answers(there):
        if named:
            raise ConnectionError("nothing answers there")
        there = ""
    if there:
        return ray.init(named or "auto", **quiet)
    if not new:
        raise ConnectionError("none runs on this machine; start one with: ray start --head")
    return ray.init("local", num_cpus=usable_cores(), include_dashboard=False, **quiet)


def _named(address: str) -> str:
    """The address that a user gives; empty where a cluster is looked for, or started."""
    return address if address != HERE else os.environ.get("RAY_ADDRESS", "")


def use_token() -> None:
    """Let Ray send the token that this machine has, unless its mode is set.

    By itself it does so only to a cluster that it finds or starts, not to one that is named. It
    reads its mode once, when it is imported, so this goes before.
    """
    token = Path(os.environ.get("RAY_AUTH_TOKEN_PATH", "~/.ray/auth_token")).expanduser()
    if "RAY_AUTH_TOKEN" in os.environ or token.exists():
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def _running_here() -> str:
    """The address of the cluster that was last started on this machine, as Ray notes it."""
    note = Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster")
    try:
        return note.read_text().strip()
    except OSError:
        return ""


def answers(address: str) -> bool:
    """Whether something listens there; Ray would ask for minutes, and a dead head leaves its note.

    An address without a port is left to Ray.
    """
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not port.isdigit():
        return True
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE):
            return True
    except OSError:
        return False


class RayFleet:
    """Workers as Ray actors; nothing is retried by Ray, since the queue decides."""

    def __init__(
        self,
        ray: Any,
        plan: PlanRecord,
        project: str,
        terms: Terms,
        supplies: Supplies,
    ) -> None:
        self._ray, self._terms, self._supplies = ray, terms, supplies
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
        return min(MOST_WORKERS, terms.workers or terms.share.fits(nodes_of(self._ray)))

    async def hire(self) -> Worker:
        """A new actor, once Ray has placed it, supplies are there, and TensorFlow is loaded."""
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

    async def leave(self) -> None:
        """Kill its process, once it has removed what it has on its node."""
        try:
            with suppress(TimeoutError, Gone, HarnessError):
                async with asyncio.timeout(LEAVES):
                    await self.call("leave")
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill its process."""
        self._ray.kill(self._handle)


def nodes_of(ray: Any) -> list[Mapping[str, float]]:
    """The resources of each node that is up, by Ray's names."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def line_of(error: Exception) -> str:
    """The first line of an error's text."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))


def _brief(error: Exception) -> str:
    """The beginning of an error's text in a line: Ray writes versions that differ in several."""
    return (" ".join(str(error).split()) or repr(error))[:LONGEST]


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
    because = re.search(r"because (?:its |the |it )?(.{10,200}?)(?:\. |$)", text)
    return f"the worker process died ({because[1] if because else text[:200]})"
