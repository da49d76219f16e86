"""Deleting weights or trials of a run that no other run uses."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from harness.app.records import users
from harness.config.runtime import Runtime
from harness.core.errors import Damaged, HarnessError
from harness.core.leftovers import sweep
from harness.core.lock import Busy
from harness.execution.use import driven
from harness.plan.expand import Plan
from harness.runs import layout
from harness.runs.plan import read_plan
from harness.runs.recorder import Recorder
from harness.runs.removal import free, held
from harness.runs.trial import Trial


class Waste(NamedTuple):
    """The part of a run that `clean` would remove."""

    trials: int  # whose weights, or which themselves, would go
    kept: int  # trials that another study needs, or that have not ended
    size: int  # bytes

    def to_json(self) -> dict[str, int]:
        """As plain data."""
        return self._asdict()


def waste(planned: Plan, runtime: Runtime, whole: bool) -> Waste:
    """How much `clean` would remove; nothing is changed."""
    folders = _removable(planned, runtime, whole)
    sizes = [size for folder in folders if (size := held(folder, whole)) or whole]
    there = {trial.key for trial in planned.trials if (runtime.trials / trial.key).exists()}
    return Waste(len(sizes), len(there) - len(folders), sum(sizes))


def clean(planned: Plan, runtime: Runtime, whole: bool) -> int:
    """Delete the weights of a run's trials or, if `whole`, the trials; return the bytes freed.

    Trials that another study uses are kept. Raises an error, before anything is removed, while
    another process works on one of the trials.
    """
    sweep(runtime.trials)
    folders = _removable(planned, runtime, whole)
    with _unused(planned, folders, runtime):
        return sum(free(folder, whole) for folder in folders)


def _removable(planned: Plan, runtime: Runtime, whole: bool) -> list[Path]:
    folders = []
    for key in dict.fromkeys(trial.key for trial in planned.trials):
        folder = runtime.trials / key
        # an unfinished trial's checkpoint is progress, not waste
        idle = whole or _ended(folder)
        if idle and folder.exists() and not _others(planned, key, runtime):
            folders.append(folder)
    return folders


def _ended(folder: Path) -> bool:
    try:
        return Trial(folder).result() is not None
    except Damaged:
        return False


def _others(planned: Plan, key: str, runtime: Runtime) -> bool:
    """Whether a run of another study needs this trial."""
    plans = (read_plan(layout.plan_file(name, runtime)) for name in users(key, runtime))
    return bool({plan.study for plan in plans if plan} - {planned.file.name})


@contextmanager
def _unused(planned: Plan, folders: list[Path], runtime: Runtime) -> Iterator[None]:
    """Prevent runs that need one of the folders from starting; an error if one is running."""
    keys = {folder.name for folder in folders}
    with ExitStack() as locks:
        for name in {planned.run_name, *layout.run_names(runtime)}:
            plan = read_plan(layout.plan_file(name, runtime))
            if plan is None or not keys & plan.keys:
                continue
            try:
                locks.enter_context(driven(runtime.study(name), alone=True))
            except Busy:
                raise HarnessError(
                    f"clean: the run {name} is in progress and uses these trials; nothing was "
                    "removed. Stop it, or wait until it has finished"
                ) from None
        for folder in folders:
            try:
                Recorder(folder).acquire().__exit__(None, None, None)
            except Busy:
                raise HarnessError(
                    f"clean: trial {folder.name} is being trained, scored or sampled; nothing was "
                    "removed. Wait until that has finished"
                ) from None
        yield
