"""A Ray cluster: joined, or started on this machine."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from harness.core.errors import HarnessError
from harness.execution.cluster.ports import answers, fault, token_file, with_port
from harness.execution.devices import usable_cores
from harness.execution.options import FORMS, is_address

MISSING = (
    "--on ray: Ray is not installed; install the extra: pip install 'gan-ablation-harness[cluster]'"
)
LONGEST = 300  # characters of a message of Ray that are shown
HERE = "ray"  # --on: the cluster that runs here or that RAY_ADDRESS names, else one is started


class Joined(NamedTuple):
    """A cluster that this process is connected to."""

    ray: Any
    jobs: str  # URL of its job server, as far as it has one
    address: str  # of its head, or `auto` or empty where that is not known


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
        there, context = _join(ray, named, new)
    except (ConnectionError, ValueError, RuntimeError) as error:
        where = f"at {named}" if named else "on this machine"
        by = f"RAY_ADDRESS={named}" if named and address == HERE else f"--on {address}"
        why = f"{by}: cannot join a Ray cluster {where} ({_brief(error)})"
        if isinstance(error, _Fault):
            raise HarnessError(why) from None
        raise HarnessError(
            f"{why}. Does it run there with this version of Ray, and does this machine have its "
            "token (ray get-auth-token)?"
        ) from None
    try:
        server = context.dashboard_url
        yield Joined(ray, f"http://{server}" if server else "", there)
    finally:
        ray.shutdown()


class _Fault(ConnectionError):
    """A cluster that cannot be joined, with the reason."""


def _join(ray: Any, named: str, new: bool) -> tuple[str, Any]:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    there = with_port(named) or _running_here()
    if there == "local":  # Ray's word for a new one
        there = named = ""
    if there and not answers(there):
        if named:
            raise ConnectionError("nothing answers there")
        there = ""
    if there:
        _say(f"Joining the Ray cluster {'on this machine' if there == 'auto' else f'at {there}'}")
        if named and (why := fault(there)):
            raise _Fault(why)
        with warnings.catch_warnings():  # the error that follows says the same
            warnings.filterwarnings("ignore", "Ray Client connection timed out")
            return there, ray.init(there if named else "auto", **quiet)
    if not new:
        raise ConnectionError("none runs on this machine; start one with: ray start --head")
    _say("Starting Ray on this machine")
    return "", ray.init("local", num_cpus=usable_cores(), include_dashboard=False, **quiet)


def _say(step: str) -> None:
    """Tell at once what may take long."""
    sys.stderr.write(f"{step} ...\n")
    sys.stderr.flush()


def _named(address: str) -> str:
    """The address that a user gives; empty where a cluster is looked for, or started."""
    return address if address != HERE else os.environ.get("RAY_ADDRESS", "")


def use_token() -> None:
    """Let Ray send the token that this machine has, unless its mode is set.

    By itself it does so only to a cluster that it finds or starts, not to one that is named. It
    reads its mode once, when it is imported, so this goes before.
    """
    if "RAY_AUTH_TOKEN" in os.environ or token_file().exists():
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def _running_here() -> str:
    """The address of the cluster that was last started on this machine, as Ray notes it."""
    note = Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster")
    try:
        return note.read_text().strip()
    except OSError:
        return ""


def line_of(error: Exception) -> str:
    """The first line of an error's text."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))


def _brief(error: Exception) -> str:
    """The beginning of an error's text in a line: Ray writes versions that differ in several."""
    return (" ".join(str(error).split()) or repr(error))[:LONGEST]
