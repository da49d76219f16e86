"""Environment of an attempt at a trial, as its `env.json` holds it."""

import os
import platform
import socket
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness import __version__
from harness.runs.record import now
from harness.runs.rows import HARNESS, Environment, Git

PACKAGES = ("tensorflow", "keras", "numpy")


def this_environment(
    arithmetic: Mapping[str, Any], plugins: Mapping[str, Mapping[str, str]] | None = None
) -> Environment:
    """The environment of an attempt. Of it, only the arithmetic can change a result, by rounding.

    `plugins`: the digests of those that it uses, by group and name, which are in its key, too.
    """
    this = Environment(
        at=now(),
        host=socket.gethostname(),
        pid=os.getpid(),
        python=platform.python_version(),
        platform=platform.platform(),
        processor=processor(),
        versions={
            **{package: version(package) for package in PACKAGES},
            HARNESS: __version__,  # its own: a checkout need not be installed
        },
        device=arithmetic["device"],
        arithmetic=dict(arithmetic),
        git=_git(),
    )
    return this.replaced(plugins=dict(plugins)) if plugins else this


def processor() -> str:
    """The name of this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _git() -> Git:
    """The commit of this code, and whether the checkout was dirty; empty outside a checkout.

    Code that git does not track is no checkout's: it is installed below somebody's project.
    """
    code = Path(__file__)
    try:
        _, commit, status = (
            subprocess.run(
                ["git", "-C", str(code.parent), *arguments],
                capture_output=True,
                text=True,
                check=True,
                timeout=10,
            ).stdout.strip()
            for arguments in (
                ("ls-files", "--error-unmatch", code.name),
                ("rev-parse", "HEAD"),
                ("status", "--porcelain"),
            )
        )
    except (OSError, subprocess.SubprocessError):
        return Git(commit="", dirty=False)
    return Git(commit=commit, dirty=bool(status))
