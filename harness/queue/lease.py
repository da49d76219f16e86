"""The process that holds a running trial, and whether it is still alive.

Optuna's heartbeats exist for databases only and skip a trial that was killed before its first beat,
so a claim names its process instead: exact on one machine, and across machines the age of the trial
folder's heartbeat decides.
"""

import os
import socket
import time
from pathlib import Path
from typing import Any, NamedTuple

SILENCE = 600.0  # seconds without a heartbeat after which another machine's worker counts as dead
_NO_CLOCK = 0  # start time of a process where the system does not tell


class Lease(NamedTuple):
    """The process that works on a trial."""

    host: str
    pid: int
    boot_id: str  # changes when the machine restarts; empty where the system has none
    started: int  # start of the process in clock ticks since boot: a reused pid has another one
    at: float  # unix time of the claim
    worker: str = ""

    @classmethod
    def mine(cls, worker: str = "") -> "Lease":
        """A lease for this process, from now."""
        pid = os.getpid()
        started = _started(pid) or _NO_CLOCK
        return cls(socket.gethostname(), pid, _boot_id(), started, time.time(), worker)

    @classmethod
    def read(cls, value: dict[str, Any] | None) -> "Lease | None":
        """A stored lease; None if there is none."""
        return cls(**value) if value else None


def lease_alive(lease: Lease | None, heartbeat_age: float | None) -> bool:
    """Whether the holder is alive; `heartbeat_age` in seconds, None if there was no heartbeat.

    Same machine since the same boot: the process itself is looked up. Same machine, earlier boot:
    dead. Another machine: alive while its heartbeat (or, before the first, its claim) is fresh.
    """
    if lease is None:
        return False
    if lease.host == socket.gethostname():
        return lease.boot_id == _boot_id() and _started(lease.pid) in (lease.started, _NO_CLOCK)
    age = time.time() - lease.at
    return min(age, age if heartbeat_age is None else heartbeat_age) < SILENCE


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
