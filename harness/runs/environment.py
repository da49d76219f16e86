"""What an attempt at a trial runs on, as its `env.json` holds it."""

import os
import platform
import socket
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness import __version__
from harness.runs.recorder import now

PACKAGES = ("tensorflow", "keras", "numpy")


def environment(
    arithmetic: Mapping[str, Any], plugins: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Any]:
    """What an attempt runs on. Nothing here can change a result but the arithmetic, by rounding.

    `plugins`: the digests of those that it uses, by group and name, which are in its key, too.
    """
    return {
        "at": now(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "versions": {
            **{package: version(package) for package in PACKAGES},
            "gan-ablation-harness": __version__,  # its own: a checkout need not be installed
        },
        "device": arithmetic["device"],
        "arithmetic": dict(arithmetic),
        "git": _git(),
        **({"plugins": dict(plugins)} if plugins else {}),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _git() -> dict[str, Any]:
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
        return {"commit": "", "dirty": False}
    return {"commit": commit, "dirty": bool(status)}
