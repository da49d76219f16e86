"""The process that holds a running trial, and whether it is still alive.

The processes of one machine share a queue, so a claim names its process, which can be looked up.
Optuna's own heartbeats exist for databases only, and skip a trial that was killed before its first.
"""

import os
import socket
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from harness.runs.trial import Trial

_ON = " on "
_NO_CLOCK = 0  # start time of a process where the system does not tell


class Lease(NamedTuple):
    """The process that works on a trial."""

    host: str
    pid: int
    boot_id: str  # changes when the machine restarts; empty where the system has none
    started: int  # start of the process in clock ticks since boot: a reused pid has another one
    worker: str = ""

    @classmethod
    def mine(cls, worker: str = "") -> "Lease":
        """A lease for this process, from now."""
        return _of(os.getpid())._replace(worker=worker)

    @property
    def process(self) -> tuple[str, int, str, int]:
        """The process without the worker that it is, or claims for."""
        return self.host, self.pid, self.boot_id, self.started

    @classmethod
    def read(cls, value: dict[str, Any] | None) -> "Lease | None":
        """A stored lease; None if there is none. Those of an earlier version hold more."""
        if not value:
            return None
        return cls(**{name: value[name] for name in cls._fields if name in value})


def lease_alive(lease: Lease | None, trial: Trial) -> bool:
    """Whether the holder of `trial` is alive.

    Same machine since the same boot: the process itself is looked up. Same machine, earlier boot:
    dead. Another host name: the folder was moved here or this machine renamed, and the process is
    gone; or it runs in a container of this machine, and has locked the trial's folder. If it is
    only about to lock it, it is taken for dead, and still the trial is trained once: the next
    worker that claims it waits for that lock and then finds the result.
    """
    if lease is None:
        return False
    if lease.host == socket.gethostname():
        return lease.boot_id == _boot_id() and _started(lease.pid) in (lease.started, _NO_CLOCK)
    return trial.held


@cache
def _of(pid: int) -> Lease:
    """Of this process, for no worker: what the system tells is read once, not at each claim."""
    return Lease(socket.gethostname(), pid, _boot_id(), _started(pid) or _NO_CLOCK)


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _started(pid: int) -> int | None:
    """Start time of process `pid`; None if it has ended or is a zombie."""
    try:
        # the name in parentheses may hold anything, so fields are counted from its end:
        # state is the third field of proc(5) stat, starttime the twenty-second
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _started_without_proc(pid)
    return None if fields[0] in "ZX" else int(fields[19])


def _started_without_proc(pid: int) -> int | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:  # it lives, under another user
        pass
    return _NO_CLOCK


def on_node(worker: str, node: str) -> str:
    """The name of a worker of a cluster."""
    return f"{worker}{_ON}{node}"


def node_of(lease: Lease | None) -> str:
    """The node on which a trial is trained; empty without a cluster."""
    return lease.worker.partition(_ON)[2] if lease else ""
