"""A real Ray cluster whose nodes are processes of this machine, on loopback alone where they can.

Ray listens on all addresses, so its processes run in a network namespace of their own if this user
may make one.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

from tests.e2e.faults import Site

ROOT = Path(__file__).parents[2]
HEAD = "127.0.0.1:6379"
QUICK = {  # a node that does not answer counts as dead after some seconds
    "RAY_health_check_initial_delay_ms": "0",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "4",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(16),
}
_LOOPBACK = """
import fcntl, socket, struct, time
with socket.socket() as one:  # SIOCSIFFLAGS: up
    fcntl.ioctl(one, 0x8914, struct.pack("16sh", b"lo", 1))
print("up", flush=True)
time.sleep(1e6)
"""


class Cluster:
    """A head that trains nothing; nodes are added, and ended in all ways."""

    def __init__(self, jobs=False):
        self.folder = Path(tempfile.mkdtemp(prefix="ray-"))  # short: sockets lie in it
        self.nodes = []
        self._drivers = []
        self._apart = _namespace()
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = {
            **os.environ, **QUICK, "RAY_ADDRESS": HEAD, "PYTHONPATH": path, "PATH": programs,
        }  # fmt: skip
        self.head = self._start(
            "--head", "--port", "6379", "--num-cpus", "0", "--include-dashboard", str(jobs).lower(),
            "--temp-dir", str(self.folder),
        )  # fmt: skip

    @property
    def prefix(self):
        """Words before a command that runs where the cluster can be reached."""
        return ["nsenter", "--net", "--target", str(self._apart.pid)] if self._apart else []

    def drive(self, command, folder, environment):
        """A driver in a folder, whose output goes to its file `said`."""
        with (folder / "said").open("ab") as said:
            driver = subprocess.Popen(
                [*self.prefix, *command], cwd=folder, env=environment,
                stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._drivers.append(driver)
        return driver

    def no_drivers(self):
        """End what a test has left, so that the next one has the cluster to itself."""
        for driver in self._drivers:
            driver.kill()
            driver.wait()
        self._drivers = []

    def add(self, cpus=1, **variables):
        """One more node, in whose environment are these."""
        node = self._start("--address", HEAD, "--num-cpus", str(cpus), **variables)
        self.nodes.append(node)
        return node

    def end(self, node):
        """Kill a node, at once."""
        self.nodes.remove(node)
        self.send(node, signal.SIGKILL)
        node.wait()

    def _start(self, *options, **variables):
        """A node that has started; on a busy machine one may not do so within Ray's time."""
        ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block"]
        store = ["--object-store-memory", str(100 * 2**20), "--node-ip-address", "127.0.0.1"]
        for _ in range(3):
            said = self.folder / f"said-{time.monotonic_ns()}"
            with said.open("wb") as output:
                node = subprocess.Popen(
                    [*self.prefix, *ray, *options, *store, "--disable-usage-stats"],
                    env=self.environment | variables, stdin=subprocess.DEVNULL, stdout=output,
                    stderr=subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
            until(partial(_settled, node, said))
            if node.poll() is None:
                return node
        raise AssertionError(said.read_text())

    def send(self, node, number):
        """A signal to all processes of a node."""
        for process in _family(node.pid):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def workers(self):
        """Processes of actors that train; what one forks has its title, too, until it execs."""
        found = (process for node in self.nodes for process in _family(node.pid))
        actors = [process for process in found if _title(process).startswith("ray::Actor")]
        no_parents = {None, *(process.pid for process in actors)}
        return [process for process in actors if _parent(process) not in no_parents]

    def node_of(self, worker):
        """The node on which a worker runs."""
        return next(node for node in self.nodes if worker in _family(node.pid))

    def close(self):
        """End everything."""
        for node in (*self.nodes, self.head):
            self.send(node, signal.SIGKILL)
            node.wait()
        if self._apart:
            self._apart.kill()
            self._apart.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class OnCluster(Site):
    """A place whose driver runs where the nodes are."""

    def __init__(self, folder, cluster, study):
        super().__init__(folder)
        self.write(study, "tiny")
        self.environment |= cluster.environment
        self.cluster = cluster

    def begin(self, *options):
        """A driver at work."""
        verb = [sys.executable, "-m", "harness", "run", "tiny", "--on", "ray", *options]
        return self.cluster.drive(verb, self.folder, self.environment)

    def said(self):
        return (self.folder / "said").read_text()

    def end(self, driver, code=0):
        assert driver.wait(timeout=600) == code, self.said()
        assert "Traceback" not in self.said()


def _settled(node, said):
    return node.poll() is not None or "runtime started" in said.read_text()


def _family(pid):
    with suppress(psutil.NoSuchProcess):
        one = psutil.Process(pid)
        return [*one.children(recursive=True), one]
    return []


def _title(process):
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return " ".join(process.cmdline())
    return ""


def _parent(process):
    """The number of its parent; None of one that has ended."""
    with suppress(psutil.NoSuchProcess):
        return process.ppid()
    return None


def _namespace():
    """A process in a network namespace with loopback alone; None where that is not allowed."""
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        return None
    process = subprocess.Popen(
        ["unshare", "--net", sys.executable, "-c", _LOOPBACK],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with process.stdout as said:
        up = said.readline() == "up\n"
    if not up:
        process.wait()
    return process if up else None


def until(what, seconds=120):
    """Wait until `what()` is true, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")
