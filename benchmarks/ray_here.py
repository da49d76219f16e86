"""A Ray of this machine alone, of a given number of cores, that is gone afterwards."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.measure import ROOT

PATIENCE = 180.0  # seconds for Ray to start; on a busy machine it takes many
PAUSE = 0.1


class Ray(NamedTuple):
    """How it is reached, and how long it took to start."""

    environment: dict[str, str]
    seconds: float


@contextmanager
def ray_here(cores: int) -> Iterator[Ray]:
    """A node with a port and a secret of its own, so that nobody else's Ray is joined."""
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # short: sockets lie in it
    address = f"127.0.0.1:{_free_port()}"
    environment = {
        "PYTHONPATH": str(ROOT),  # of its workers, too
        "RAY_ADDRESS": address,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(16),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
    }
    begun = time.perf_counter()
    node = _start(folder, address, cores, environment)
    try:
        while "runtime started" not in (folder / "said").read_text():
            if node.poll() is not None or time.perf_counter() - begun > PATIENCE:
                raise RuntimeError((folder / "said").read_text())
            time.sleep(PAUSE)
        yield Ray(environment, time.perf_counter() - begun)
    finally:
        _kill(node)
        shutil.rmtree(folder, ignore_errors=True)


def _start(
    folder: Path, address: str, cores: int, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    host, _, port = address.partition(":")
    options = {"port": port, "node-ip-address": host, "num-cpus": cores, "temp-dir": folder}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    start = ["-m", "ray.scripts.scripts", "start", "--block", "--head"]
    without = ["--include-dashboard", "false", "--disable-usage-stats"]
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, *start, *words, *without],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _kill(node: subprocess.Popen[bytes]) -> None:
    """All processes of a node at once; asked to end, they take most of a minute."""
    with suppress(psutil.NoSuchProcess):
        one = psutil.Process(node.pid)
        for process in [*one.children(recursive=True), one]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
    node.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
