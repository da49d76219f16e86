"""What cannot change a result: folders, tracking, how many workers. Read from the environment."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.core.errors import HarnessError, shown

SHIPPED = Path(__file__).parents[1] / "studies"  # in a checkout a link to studies/ at its top


def _folder(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or default)  # set to nothing is not set


def _folders(variable: str) -> tuple[Path, ...]:
    """Several folders, separated as those of PATH are."""
    return tuple(Path(part) for part in os.environ.get(variable, "").split(os.pathsep) if part)


def _sweep_run() -> str:
    return os.environ.get("WANDB_RUN_ID", "") if os.environ.get("WANDB_SWEEP_ID") else ""


def _is_name(run_name: str) -> bool:
    """Whether it could name a folder beside others."""
    return run_name not in ("", ".", "..") and not set(run_name) & {"/", "\0"}


def _checked(run_name: str) -> str:
    if not _is_name(run_name):
        raise HarnessError(f"{shown(run_name)} is no name of a run")
    return run_name


@dataclass(frozen=True)
class Runtime:
    """Where things lie and how a run is tracked."""

    runs: Path = field(default_factory=lambda: _folder("HARNESS_RUNS", "runs"))
    reports: Path = field(default_factory=lambda: _folder("HARNESS_REPORTS", "reports"))
    studies: Path = Path("studies")
    more_studies: tuple[Path, ...] = field(default_factory=lambda: _folders("HARNESS_STUDIES"))
    project: str = field(default_factory=lambda: os.environ.get("WANDB_PROJECT") or "gan-ablation")
    tracking: str = field(default_factory=lambda: os.environ.get("WANDB_MODE", ""))
    storage: str = field(default_factory=lambda: os.environ.get("HARNESS_STORAGE", ""))
    sweep_run: str = field(default_factory=_sweep_run)  # of W&B; empty: no sweep asks for one

    @property
    def study_folders(self) -> tuple[Path, ...]:
        """Where a study is looked up by its name, the nearest first; the shipped ones come last."""
        return (self.studies, *self.more_studies, SHIPPED)

    @property
    def trials(self) -> Path:
        """One folder a trial, shared by all studies."""
        return self.runs / "trials"

    @property
    def cache(self) -> Path:
        """Decoded images, features and encoders; everything in it can be made again."""
        return self.runs / "cache"

    def study(self, run_name: str) -> Path:
        """What belongs to one run of a study: plan, ledger, arithmetic, tracking."""
        return self.runs / "studies" / _checked(run_name)

    def published(self, run_name: str) -> Path:
        """Where the record of a run lies that was published beside its report."""
        return self.reports / _checked(run_name) / "record"

    def holding(self, run_name: str) -> "Runtime":
        """These folders; or, where `runs` knows no such run, those of its published record."""
        if not _is_name(run_name):
            return self  # the path of a study file
        published, plan = self.published(run_name), Path("studies") / run_name / "plan.json"
        if (self.runs / plan).exists() or not (published / plan).exists():
            return self
        return replace(self, runs=published)
