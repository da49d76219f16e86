"""A Ray cluster: joined, or started on this machine."""

import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from harness.core.errors import HarnessError
from harness.execution.cluster.ports import (
    answers,
    fault,
    settle_tokens,
    silence,
    token_file,
    with_port,
)
from harness.execution.devices import usable_cores
from harness.execution.options import FORMS, is_address

MISSING = (
    "--on ray: Ray is not installed; install the extra: pip install 'gan-ablation-harness[cluster]'"
)
_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
_TRACEBACK = re.compile(r"Traceback \(most recent call last\):.*(?=\b\w+(?:Error|Exception): )")
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
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")  # no new Ray where a connection was lost
    named, there = _place(address)
    ray = _ray(there)
    try:
        context = _join(ray, named, there) if there else _start(ray, named, new)
    except (ConnectionError, ValueError, RuntimeError) as error:
        where = f"at {named}" if named else "on this machine"
        by = f"RAY_ADDRESS={named}" if named and address == HERE else f"--on {address}"
        why = f"{by}: cannot join a Ray cluster {where} ({_brief(error)})"
        if isinstance(error, _Fault):
            raise HarnessError(why) from None
        raise HarnessError(
            f"{why}. Does it run there with this version of Ray, and does this machine have its "
            "token (ray get-auth-token)? If so, it may be busy: give the command again"
        ) from None
    try:
        server = context.dashboard_url
        yield Joined(ray, f"http://{server}" if server else "", there)
    finally:
        ray.shutdown()


class _Fault(ConnectionError):
    """A cluster that cannot be joined, with the reason."""


def _place(address: str) -> tuple[str, str]:
    """The address that a user gives, if any, and that of a cluster to join, if one answers."""
    named = address if address != HERE else os.environ.get("RAY_ADDRESS", "")
    if address == HERE and not (named in ("", "auto", "local") or is_address(named)):
        raise HarnessError(f"RAY_ADDRESS={named} is no address of a cluster: {FORMS}")
    if named == "local":  # Ray's word for a new one
        return "", ""
    there = with_port(named) or _running_here()
    return named, there if there and answers(there) else ""


def _ray(there: str) -> Any:
    """The library, with the mode of tokens that the cluster there asks for."""
    try:
        if there:
            settle_tokens(there)
        import ray
    except ImportError:
        raise HarnessError(MISSING) from None
    return ray


def _join(ray: Any, named: str, there: str) -> Any:
    """Join the cluster there; `named`: it is the user's choice; else Ray looks for it."""
    _say(f"Joining the Ray cluster {'on this machine' if there == 'auto' else f'at {there}'}")
    if named and (why := fault(there)):
        raise _Fault(why)
    with warnings.catch_warnings():  # the error that follows says the same
        warnings.filterwarnings("ignore", "Ray Client connection timed out")
        return ray.init(there if named else "auto", **_QUIET)


def _start(ray: Any, named: str, new: bool) -> Any:
    """Start a Ray that ends with this process, where none was named."""
    if named:
        raise _Fault(silence(with_port(named)) or "nothing answers there")
    if not new:
        raise _Fault(
            f"`ray start` has noted none in {_note()}; start one with: ray start --head, or give "
            f"the address of one that runs: --on {FORMS}"
        )
    _say("Starting Ray on this machine")
    return ray.init("local", num_cpus=usable_cores(), include_dashboard=False, **_QUIET)


def _say(step: str) -> None:
    """Tell at once what may take long."""
    sys.stderr.write(f"{step} ...\n")
    sys.stderr.flush()


def use_token() -> None:
    """Let Ray's job server see the token that this machine has, unless the mode is set."""
    if "RAY_AUTH_TOKEN" in os.environ or token_file().exists():
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def _running_here() -> str:
    """The address of the cluster that was last started on this machine, as Ray notes it."""
    try:
        return _note().read_text().strip()
    except OSError:
        return ""


def _note() -> Path:
    """Where Ray notes the cluster that it has started, unless it was given another --temp-dir."""
    return Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster")


def line_of(error: Exception) -> str:
    """The first line of an error's text."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))


def _brief(error: Exception) -> str:
    """The beginning of an error's text in a line: Ray writes versions that differ in several.

    Of a traceback, which its client server sends along, the error alone.
    """
    text = " ".join(str(error).split()) or repr(error)
    return _TRACEBACK.sub("", text)[:LONGEST]
