"""Freeing the disk of a run, of what nobody uses."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness.app.records import users
from harness.config.runtime import Runtime
from harness.core.errors import Damaged, HarnessError
from harness.core.leftovers import sweep
from harness.execution.use import InUse, driven
from harness.plan.expand import Plan
from harness.runs import layout
from harness.runs.recorder import Busy, Recorder
from harness.runs.removal import free
from harness.runs.trial import Trial, read_plan


def clean(of: Plan, runtime: Runtime, whole: bool) -> int:
    """Free the disk of a run: its trials' weights or, if `whole`, all of them; bytes freed.

    Trials that another study uses too are left alone. Refused, before anything is removed, while
    a run or anything else works on one of the others.
    """
    sweep(runtime.trials)
    folders = _removable(of, runtime, whole)
    with _unused(of, folders, runtime):
        return sum(free(folder, whole) for folder in folders)


def _removable(of: Plan, runtime: Runtime, whole: bool) -> list[Path]:
    found = []
    for key in dict.fromkeys(trial.key for trial in of.trials):
        folder = runtime.trials / key
        # an unfinished trial's checkpoint is progress, not waste
        idle = whole or _ended(folder)
        if idle and folder.exists() and not _others(of, key, runtime):
            found.append(folder)
    return found


def _ended(folder: Path) -> bool:
    try:
        return Trial(folder).result() is not None
    except Damaged:
        return False


def _others(of: Plan, key: str, runtime: Runtime) -> bool:
    """Whether a run of another study needs this trial."""
    names = {user["run"] for user in users(key, runtime)}
    studies = {(read_plan(runtime.study(name) / layout.PLAN) or {})["study"] for name in names}
    return bool(studies - {of.file.name})


@contextmanager
def _unused(of: Plan, folders: list[Path], runtime: Runtime) -> Iterator[None]:
    """Keep every run that needs one of the folders from starting; an error if one is running."""
    keys = {folder.name for folder in folders}
    with ExitStack() as held:
        for name in {of.run_name, *layout.run_names(runtime)}:
            plan = read_plan(runtime.study(name) / layout.PLAN) or {"trials": []}
            if not keys & {row["key"] for row in plan["trials"]}:
                continue
            try:
                held.enter_context(driven(runtime.study(name), alone=True))
            except InUse:
                raise HarnessError(
                    f"clean: the run {name} is going on and uses these trials; nothing was "
                    "removed. Stop it, or clean when it has ended"
                ) from None
        for folder in folders:
            try:
                Recorder(folder).acquire().__exit__(None, None, None)
            except Busy:
                raise HarnessError(
                    f"clean: trial {folder.name} is being trained, scored or sampled; nothing was "
                    "removed. Clean when that has ended"
                ) from None
        yield
