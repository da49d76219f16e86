"""W&B's library: imported here and nowhere else, silent, and never with a prompt."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from harness.core.errors import HarnessError
from harness.mirror.places import Log, Mode, check_mode


def library() -> Any:
    """The library, silent, and without reports of its errors to its makers."""
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    os.environ.setdefault("WANDB_SILENT", "true")
    if os.environ.get("WANDB_MODE") == "":
        del os.environ["WANDB_MODE"]  # no mode, which W&B takes for a wrong one
    import wandb

    return wandb


def resolve_mode(asked: str, log: Log) -> Mode:
    """The mode for `asked`; offline where no account is configured, and never a prompt."""
    check_mode(asked)
    if asked in ("offline", "disabled"):
        return cast(Mode, asked)
    if has_account():
        return "online"
    if asked:
        log("W&B: online was asked for, but no account is configured (`wandb login`): offline")
    return "offline"


def has_account() -> bool:
    """Whether W&B would find credentials; asked of those of its readers that never prompt."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    settings = library().setup().settings
    from wandb.sdk.lib.wbauth import read_netrc_auth

    return bool(settings.api_key or read_netrc_auth(host=settings.base_url))


def default_entity() -> str:
    """The user or team that things belong to; asked of the server where it is not set."""
    entity = os.environ.get("WANDB_ENTITY") or library().Api().default_entity
    if not entity:
        raise HarnessError("W&B names no default entity; set WANDB_ENTITY")
    return str(entity)


@contextmanager
def staging(folder: Path) -> Iterator[None]:
    """Make W&B keep files for upload next to the run, not in the home directory."""
    before = os.environ.get("WANDB_DATA_DIR")
    os.environ["WANDB_DATA_DIR"] = before or str(folder / "staging")
    try:
        yield
    finally:
        if before is None:
            del os.environ["WANDB_DATA_DIR"]


def run_settings(wandb: Any, seconds: float, machine: bool) -> Any:
    """Nothing on the terminal, no facts of this machine (the record has them), time limits, no
    links that workers would race for; and a stop asked for on the web interrupts no training.

    `machine`: whether its load and that of its devices are sampled while the run goes on.
    """
    return wandb.Settings(
        silent=True,
        console="off",
        symlink=False,
        use_dot_wandb=False,
        disable_git=True,
        disable_code=True,
        x_disable_stats=not machine,
        x_disable_meta=True,
        x_disable_machine_info=not machine,  # or there would be no samples either
        x_save_requirements=False,
        init_timeout=seconds,
        finish_timeout=seconds,
        finish_timeout_raises=True,
        stop_fn=lambda: None,
    )
