"""Checks of runs: plans, queue and W&B folders, and whether they agree."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.app.doctor.finding import Finding, left
from harness.config.runtime import Runtime
from harness.core.errors import Damaged
from harness.core.files import read_json
from harness.core.leftovers import set_aside
from harness.mirror import places as mirror
from harness.queue.base import Row
from harness.queue.journal import JOURNAL, UNREADABLE, open_journal, torn
from harness.queue.lease import lease_alive
from harness.queue.optuna_ledger import OptunaLedger, look
from harness.runs import layout
from harness.runs.plan import PlanRecord
from harness.runs.status import Status
from harness.runs.trial import Trial

FOLDER = "a folder in place of a file"
LEDGER, WANDB, RECORD = "ledger", "W&B", "record"


def check_folder(folder: Path) -> Iterator[Finding]:
    """The documents of a run, and temporary files of killed processes."""
    yield from left(RECORD, folder)
    for name, why in (
        (layout.ARITHMETIC, "the number of threads is chosen again, so bits may differ"),
        (layout.IMPORTANCES, "it is created again with the report"),
    ):
        yield from document(folder / name, why)
    for ending in ("lock", "log"):
        for path in sorted(folder.glob(f"[!.]*.{ending}")):
            if path.is_dir():
                yield damaged(RECORD, path, FOLDER, "it is created again")


def document(path: Path, remedy: str) -> Iterator[Finding]:
    """A JSON document that is damaged."""
    try:
        read_json(path)
    except Damaged as error:
        yield damaged(RECORD, path, error.why, remedy)


def damaged(area: str, path: Path, why: str, remedy: str) -> Finding:
    """A damaged file of a run, which is moved aside."""

    def mend() -> str:
        return f"kept as {set_aside(path, path.parent / layout.ASIDE, path.name)}"

    return Finding(area, str(path), f"damaged: {why}", remedy, mend=mend)


def check_ledger(plan: PlanRecord, runtime: Runtime) -> Iterator[Finding]:
    """The queue of a run: complete, and in agreement with the record."""
    folder = runtime.study(plan.run_name)
    path = folder / JOURNAL
    if not path.exists():
        return
    again = f"{plan.command('run')} queues missing trials"
    try:
        if torn(path):
            yield Finding(
                LEDGER, str(path), "its last line is incomplete", again, mend=_cut(folder)
            )
        rows = look(folder, plan.run_name)
    except IsADirectoryError:
        return  # named with the others of the folder
    except UNREADABLE as error:
        yield damaged(LEDGER, path, f"it contains an invalid line ({error})", again)
        return
    yield from _rows(plan, rows, runtime)


def _cut(folder: Path) -> Callable[[], str]:
    def mend() -> str:
        open_journal(folder)
        return "the incomplete line is removed"

    return mend


def _rows(plan: PlanRecord, rows: Sequence[Row], runtime: Runtime) -> Iterator[Finding]:
    keys = plan.keys
    waiting = [row for row in rows if row.open]
    counts = Counter(row.key for row in waiting)
    name = plan.run_name
    for key, count in counts.items():
        if key not in keys:
            yield Finding(LEDGER, key, f"queued in {name}, but not in its plan",
                          "the next run removes it", wrong=False)  # fmt: skip
        elif count > 1:
            yield Finding(LEDGER, key, f"queued {count} times in {name}",
                          "it is trained only once", wrong=False)  # fmt: skip
    last = {row.key: row for row in rows if row.key in keys}
    for key, row in last.items():
        if row.status.ended and not (runtime.trials / key / layout.RESULT).exists():
            yield Finding(LEDGER, key, f"finished in the queue of {name}, but has no result",
                          f"{plan.command('run')} trains it again", wrong=False)  # fmt: skip
    dead = [row for row in waiting if row.status is Status.RUNNING and not _alive(row, runtime)]
    if dead:
        where = f"{name}: {', '.join(row.key for row in dead)}"
        yield Finding(LEDGER, where, "held by a worker that has ended",
                      f"{plan.command('run')} continues it", wrong=False,
                      mend=_released(name, runtime))  # fmt: skip


def _alive(row: Row, runtime: Runtime) -> bool:
    return lease_alive(row.lease, Trial(runtime.trials / row.key))


def _released(run_name: str, runtime: Runtime) -> Callable[[], str]:
    def mend() -> str:
        ledger = OptunaLedger.open(run_name, runtime.study(run_name), runtime.trials)
        released = ledger.release_stale(lambda row: _alive(row, runtime))
        return f"{len(released)} queued again"

    return mend


def check_mirror(plan: PlanRecord, runtime: Runtime) -> Iterator[Finding]:
    """The markers in a run's W&B folder, compared with its folders and with the record."""
    folder = runtime.study(plan.run_name) / layout.WANDB
    sync = plan.command("sync")
    again = f"{sync} writes it again"
    yield from left(WANDB, folder)
    try:
        entries = mirror.entries(folder)
    except Damaged as error:
        yield damaged(WANDB, error.path, error.why, again)
        return
    keys = plan.keys
    for key, entry in entries.items():
        lost = entry["mode"] == "offline" and not _written(folder / entry["folder"])
        if key not in keys and key != "report":
            yield Finding(WANDB, key, "marked as complete, but not in the plan", wrong=False,
                          mend=_unmarked(folder, key))  # fmt: skip
        elif lost:
            yield Finding(WANDB, str(folder / entry["folder"]), "marked as complete, but missing",
                          again, mend=_unmarked(folder, key))  # fmt: skip
    yield from _fragments(folder, {entry["folder"] for entry in entries.values()}, again)
    ended = (key for key in keys if Trial(runtime.trials / key).status().ended)
    if runtime.tracking != "disabled" and (lacking := sorted(set(ended) - entries.keys())):
        yield Finding(WANDB, plan.run_name, f"{len(lacking)} finished trials are not in W&B",
                      f"{sync} writes them", wrong=False)  # fmt: skip


def _written(folder: Path) -> bool:
    """Whether W&B's own file exists and is not empty."""
    return any(path.stat().st_size for path in folder.glob("*.wandb"))


def _unmarked(folder: Path, key: str) -> Callable[[], str]:
    def mend() -> str:
        mirror.mark(folder, key, None)
        return "the marker is removed"

    return mend


def _fragments(folder: Path, whole: set[str], again: str) -> Iterator[Finding]:
    folders = (path for path in sorted(folder.glob("offline-run-*")) if path.name not in whole)
    if names := [path.name for path in folders]:
        yield Finding(WANDB, str(folder), "incomplete runs of earlier attempts: "
                                          f"{', '.join(names)}", again,
                      wrong=False)  # fmt: skip
