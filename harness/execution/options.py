"""How a run is driven, and where."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.queue.base import Job
from harness.runs.plan import PlanRecord

_ADDRESS = re.compile(r"ray://[^/\s]+|[^/\s]+:\d+")
FORMS = "HOST:6379 on one of its nodes, ray://HOST:10001 from elsewhere"


def is_address(text: str) -> bool:
    """Whether a text has a form that Ray takes as the address of a cluster that runs."""
    port = text.rpartition(":")[2]
    possible = not port.isdigit() or 0 < int(port) < 2**16
    return possible and _ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster, and what is reserved there for one trial."""

    address: str  # `ray`: the one that runs here or that RAY_ADDRESS names, else a new one
    gpus: float | None = None  # None: one, if the cluster has any
    cpus: float | None = None  # None: one a thread
    memory: float = 0.0  # GB; 0: not counted
    workers: int | None = None  # at most


@dataclass(frozen=True)
class Options:
    """How a run is driven; nothing here changes a result but the number of threads, by rounding."""

    workers: int | None = None
    hours: float | None = None
    retry_crashed: bool = False
    keep_all: bool = False
    cluster: Cluster | None = None  # None: on this machine


class Round(NamedTuple):
    """Trials that are due together; results of earlier rounds have decided on them."""

    plan: PlanRecord  # with the trials that are due by now
    jobs: Sequence[Job]  # those of them that are missing
    decides: bool  # whether a further round may follow from its results
