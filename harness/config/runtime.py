"""Settings that cannot change a result: folders, tracking, workers. Read from the environment."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.errors import HarnessError, shown

MOST_WORKERS = 256
LONGEST_NAME = 255  # bytes of a folder's name
SHIPPED = Path(__file__).parents[1] / "studies"  # in a checkout a link to studies/ at its top


def _folder(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or default)  # set to nothing is not set


def _folders(variable: str) -> tuple[Path, ...]:
    """Several folders, separated as those of PATH are."""
    return tuple(Path(part) for part in os.environ.get(variable, "").split(os.pathsep) if part)


def _sweep_run() -> str:
    return os.environ.get("WANDB_RUN_ID", "") if os.environ.get("WANDB_SWEEP_ID") else ""


def is_name(run_name: object) -> bool:
    """Whether it is a plain name of a folder."""
    if not isinstance(run_name, str) or run_name in ("", ".", ".."):
        return False
    return len(run_name.encode()) <= LONGEST_NAME and not set(run_name) & {"/", "\0"}


def _checked(run_name: str) -> str:
    if not is_name(run_name):
        raise HarnessError(f"{shown(run_name)} is not a run name")
    return run_name


REMOVED = {  # variables of earlier versions → what to do instead
    "HARNESS_STORAGE": "a run keeps its queue in HARNESS_RUNS, and no database; unset it. A run "
    "that was begun with a database continues on one machine from its record in that folder; to "
    "train on several: harness run STUDY --on ray (docs/cluster.md)",
}


@dataclass(frozen=True)
class Runtime:
    """Folders and tracking."""

    runs: Path = field(default_factory=lambda: _folder("HARNESS_RUNS", "runs"))
    reports: Path = field(default_factory=lambda: _folder("HARNESS_REPORTS", "reports"))
    studies: Path = Path("studies")
    more_studies: tuple[Path, ...] = field(default_factory=lambda: _folders("HARNESS_STUDIES"))
    project: str = field(default_factory=lambda: os.environ.get("WANDB_PROJECT") or "gan-ablation")
    tracking: str = field(default_factory=lambda: os.environ.get("WANDB_MODE", ""))
    sweep_run: str = field(default_factory=_sweep_run)  # of W&B; empty: no sweep asks for one

    def __post_init__(self) -> None:
        for name, instead in REMOVED.items():
            if os.environ.get(name):
                raise HarnessError(f"{name} is set, and is not read any more: {instead}")

    @property
    def study_folders(self) -> tuple[Path, ...]:
        """Where a study is looked up by its name, the nearest first; the shipped ones come last."""
        return (self.studies, *self.more_studies, SHIPPED)

    @property
    def trials(self) -> Path:
        """One folder per trial, shared by all studies."""
        return self.runs / "trials"

    @property
    def cache(self) -> Path:
        """Decoded images, features and encoders; all of it can be rebuilt."""
        return self.runs / "cache"

    @property
    def all_runs(self) -> Path:
        """One folder a run of a study."""
        return self.runs / "studies"

    def study(self, run_name: str) -> Path:
        """The folder of a run: plan, queue, arithmetic, tracking."""
        return self.all_runs / _checked(run_name)

    def published(self, run_name: str) -> Path:
        """The folder of a record that was published with its report."""
        return self.reports / _checked(run_name) / "record"
