"""Drive one run of a study on this machine: queue what is missing, keep workers on it, show it."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from harness.config.runtime import Runtime
from harness.core.cache import NOTE
from harness.core.errors import HarnessError
from harness.core.files import check_writable, read_object, write_json
from harness.core.format import count
from harness.core.interpreter import python
from harness.core.lock import Busy
from harness.execution.devices import WorkerEnv, plan_workers
from harness.execution.local import Driver, Outcome, WorkerSpec, run_local
from harness.execution.options import Options, Round
from harness.execution.view.poll import Poll
from harness.execution.view.screen import open_view
from harness.queue.base import Job, Ledger, Row
from harness.queue.lease import lease_alive
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs import layout
from harness.runs.plan import PlanRecord, read_plan
from harness.runs.record import now
from harness.runs.recorder import Recorder
from harness.runs.status import Status
from harness.runs.trial import Trial

USER_ERROR = 2  # a worker's exit code for a mistake that no further attempt can mend


def drive(first: Round, further: Iterator[Round], runtime: Runtime, options: Options) -> Outcome:
    """Train and score rounds of trials; returns when none is left, on a signal, at the deadline.

    The next one is asked of `further` once nothing is left of the one before; workers stay for it.
    """
    deadline = time.monotonic() + options.hours * 3600 if options.hours is not None else None
    if options.cluster is not None:
        from harness.execution.cluster.drive import drive_on

        return drive_on(options.cluster, first, further, runtime, options, deadline)
    plan = first.plan
    folder = runtime.study(plan.run_name)
    if (folder / layout.JOB).exists():
        from harness.execution.cluster.detach import forget_ended

        forget_ended(folder)
    machine = share(plan.run_name, runtime, options.workers)
    ledger = OptunaLedger.open(plan.run_name, folder, runtime.trials)
    queue(first.jobs, runtime, ledger, options.retry_crashed)
    more = ["--keep", "all"] if options.keep_all else []
    more += ["--stay"] if first.decides else []
    specs = [
        WorkerSpec(
            argv=[*python(), "-m", "harness", "work", plan.run_name, f"w{index}", *more],
            env={**share.env, **places(runtime)},
            log=folder / layout.worker_log(index),
        )
        for index, share in enumerate(machine)
    ]
    notes = _Notes([spec.log for spec in specs])
    alive = partial(_alive, runtime)

    def on_death(worker: int, code: int) -> bool:
        if code == USER_ERROR:
            # on a full disk the worker's log has no room for its words either
            check_writable(folder)
            raise HarnessError(last_words(folder / layout.worker_log(worker)))
        lost = ledger.release_stale(alive)
        for row in lost:
            _record_loss(runtime, row, code)
        return bool(lost)

    poll = Poll(plan, first.jobs, ledger, runtime)
    with open_view(poll.snapshot) as tick:
        driver = Driver(
            lambda: work_left(plan, runtime, ledger) > 0,
            on_death,
            tick,
            lambda: first.decides and not any(row.open for row in ledger.rows()),
            lambda: go_on(further, poll, runtime, ledger),
        )
        outcome = run_local(specs, driver, deadline)
    for line in notes.new():
        sys.stderr.write(f"{line}\n")
    return outcome


def queue(jobs: Sequence[Job], runtime: Runtime, ledger: Ledger, retry_crashed: bool) -> None:
    """Queue `jobs`, and nothing else that waits; what a dead worker held is free again."""
    for row in ledger.release_stale(partial(_alive, runtime)):
        _record_loss(runtime, row, None)
    ledger.withdraw({job.key for job in jobs})
    ledger.enqueue(jobs, retry_crashed)


def go_on(further: Iterator[Round], poll: Poll, runtime: Runtime, ledger: OptunaLedger) -> bool:
    """Queue the next round, which follows from the results so far; False: there is none."""
    following = next(further, None)
    if following is None:
        return False
    # crashed trials are tried again at the start, not after each decision
    queue(following.jobs, runtime, ledger, retry_crashed=False)
    poll.expect(following.plan, following.jobs)
    return True


def work_left(plan: PlanRecord, runtime: Runtime, ledger: Ledger) -> int:
    """How many trials wait, or may still be added to the plan."""
    return _waiting(ledger, partial(_alive, runtime)) or _may_come(plan, runtime)


class _Notes:
    """Messages for people in the workers' logs, such as that a damaged cache was built again."""

    def __init__(self, logs: Sequence[Path]) -> None:
        self._before = {log: log.stat().st_size if log.exists() else 0 for log in logs}

    def new(self) -> list[str]:
        """The messages since it was made, each once."""
        lines: list[str] = []
        for log, size in self._before.items():
            if log.exists():
                text = log.read_bytes()[size:].decode(errors="replace")
                lines += [line for line in text.splitlines() if line.startswith(NOTE)]
        return list(dict.fromkeys(lines))


def _alive(runtime: Runtime, row: Row) -> bool:
    return lease_alive(row.lease, Trial(runtime.trials / row.key))


def _waiting(ledger: Ledger, alive: Callable[[Row], bool]) -> int:
    """How many trials wait; what a dead worker held is queued again first."""
    rows = ledger.rows()
    # a worker that died between its claim and its lease is noticed by time only
    if any(row.status is Status.RUNNING and not alive(row) for row in rows):
        ledger.release_stale(alive)
        rows = ledger.rows()
    return sum(row.status is Status.WAITING for row in rows)


def _may_come(plan: PlanRecord, runtime: Runtime) -> int:
    """How many trials workers may still add to the plan."""
    if not plan.stages.grows:
        return 0
    return (read_plan(layout.plan_file(plan.run_name, runtime)) or plan).stages.left


def share(run_name: str, runtime: Runtime, workers: int | None) -> list[WorkerEnv]:
    """The workers of a run; threads are chosen once per run name, so that bits can repeat."""
    chosen = threads_of(run_name, runtime)
    machine = plan_workers(workers)
    if chosen is None or workers is not None:
        keep_threads(run_name, runtime, machine[0].threads)
        return machine
    return plan_workers(None, threads=chosen)


def threads_of(run_name: str, runtime: Runtime) -> int | None:
    """The number of threads of a run's trials; None before its first start."""
    chosen = read_object(runtime.study(run_name) / layout.ARITHMETIC, "threads")
    return chosen["threads"] if chosen else None


def keep_threads(run_name: str, runtime: Runtime, threads: int) -> None:
    """Choose the number of threads of a run's trials, and say so if it was another one."""
    before = threads_of(run_name, runtime)
    if before not in (None, threads):
        sys.stderr.write(
            f"{run_name} goes on with {count(threads, 'thread')} a trial, not {before}: results "
            "are rounded in another way, and the report lists such trials\n"
        )
    path = runtime.study(run_name) / layout.ARITHMETIC
    write_json(path, {"threads": threads, "at": now()})


def places(runtime: Runtime) -> dict[str, str]:
    """Environment variables that name the folders and the project for a worker."""
    return {
        "HARNESS_RUNS": str(runtime.runs),
        "HARNESS_REPORTS": str(runtime.reports),
        "WANDB_PROJECT": runtime.project,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONUNBUFFERED": "1",
    }


def _record_loss(runtime: Runtime, row: Row, code: int | None) -> None:
    """Record that a worker died, unless another worker already trains the trial.

    Without a `code` the run ended with it, and nobody saw how: that is no crash of the trial.
    """
    folder = runtime.trials / row.key
    if not folder.exists() or Trial(folder).result() is not None:
        return
    with suppress(Busy), Recorder(folder) as recorder:
        if code is None:
            recorder.log(f"attempt {row.attempt} ended with its run: {row.message}")
        else:
            recorder.failure(f"the worker process died (exit code {code})", "")


def last_words(log: Path) -> str:
    """Why a process with this log refused to start."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    messages = [line for line in lines if line.startswith("harness: ")]
    return (
        messages[-1].removeprefix("harness: ")
        if messages
        else f"a worker refused to start; see {log}"
    )
