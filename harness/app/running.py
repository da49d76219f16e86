"""Use cases of runs: train what is missing, here or on a cluster."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.analysis.stages import decided, grown
from harness.config.runtime import Runtime
from harness.core.errors import Damaged, HarnessError
from harness.core.files import alone, check_writable
from harness.core.leftovers import set_aside, sweep
from harness.plan.expand import Plan
from harness.plan.forecast import missing, remember_speed
from harness.plan.naming import cell_names
from harness.runs import layout
from harness.runs.plan import PlanRecord, read_plan
from harness.runs.plan import write_plan as write_record
from harness.runs.trial import Trial as Record

if TYPE_CHECKING:
    from harness.execution.cluster.detach import Job
    from harness.execution.local import Outcome
    from harness.execution.options import Options, Round


def run(planned: Plan, runtime: Runtime, options: "Options") -> "Outcome":
    """Train and score what is missing, then what follows from the results."""
    from harness.execution.driver import drive
    from harness.execution.local import Outcome
    from harness.execution.use import driven

    if planned.lacking and missing(planned, runtime):
        raise HarnessError(" ".join(map(str, planned.lacking)))
    folder = runtime.study(planned.run_name)
    check_writable(folder)
    with driven(folder):
        sweep(folder, runtime.runs, runtime.trials)
        rounds = _rounds(planned, runtime)
        if (first := next(rounds, None)) is None:
            return Outcome.DONE
        outcome = drive(first, rounds, runtime, options)
        remember_speed(grown(planned, runtime), runtime)
    return outcome


def _rounds(planned: Plan, runtime: Runtime) -> Iterator["Round"]:
    """The rounds of a run; the next is asked for once all trials of the one before have ended."""
    while True:
        planned, due = _due(planned, runtime)
        if due.jobs or due.plan.stages.left:
            yield due
        if not planned.stages.decides(planned):
            return
        before, planned = planned, _decide(planned, runtime)
        if planned is before:  # trials crashed, or another run of it trains them
            return


def detach(planned: Plan, arguments: Sequence[str], address: str, runtime: Runtime) -> "Job":
    """Let a Ray cluster run the driver of a plan: `harness ARGUMENTS`, in the current folder."""
    from harness.execution.cluster.detach import start_driver

    if planned.lacking and missing(planned, runtime):
        raise HarnessError(" ".join(map(str, planned.lacking)))
    folder = runtime.study(planned.run_name)
    check_writable(folder)
    job = start_driver(planned.run_name, arguments, address, runtime)
    with alone(folder / layout.SEARCH_LOCK):
        write_plan(grown(planned, runtime), runtime)  # so that the run is seen from now on
    return job


def _decide(planned: Plan, runtime: Runtime) -> Plan:
    """The plan with what its results decide, written before anything follows from it."""
    from harness.queue.optuna_ledger import OptunaLedger

    folder = runtime.study(planned.run_name)
    ledger = OptunaLedger.open(planned.run_name, folder, runtime.trials)
    with alone(folder / layout.SEARCH_LOCK):  # another run of it may be deciding, too
        held = {row.key for row in ledger.rows() if row.open}
        after = decided(planned, runtime, held)
        if after is not planned:
            write_plan(after, runtime)
    return after


def _due(planned: Plan, runtime: Runtime) -> tuple[Plan, "Round"]:
    """The plan as far as it has grown, and what is due of it."""
    from harness.execution.options import Round
    from harness.queue.base import Job
    from harness.runs.removal import sweep_trial

    for key in {trial.key for trial in planned.trials}:
        sweep_trial(runtime.trials / key)
    # another run of it may be adding suggestions
    with alone(runtime.study(planned.run_name) / layout.SEARCH_LOCK):
        planned = grown(planned, runtime)
        record = write_plan(planned, runtime)
    lacking = {item.trial.key for item in missing(planned, runtime)}
    # the place in the plan, so that what still waits of an earlier run keeps its own
    jobs = [
        Job(trial.key, trial.cell.label, trial.seed, order)
        for order, trial in enumerate(planned.due)
        if trial.key in lacking
    ]
    due = record.only({trial.key for trial in planned.due})
    return planned, Round(due, jobs, planned.stages.decides(planned))


def write_plan(planned: Plan, runtime: Runtime) -> PlanRecord:
    """Write plan.json; the analysis declared before the first trial finished is kept."""
    path, record = layout.plan_file(planned.run_name, runtime), planned.record()
    earlier = _earlier(path)
    trials = (Record(runtime.trials / key) for key in (earlier.keys if earlier else ()))
    seen = any(trial.status().ended for trial in trials)
    if earlier and seen and earlier.declared:
        record = record.replaced(declared=earlier.declared)
    write_record(path, record)
    return record


def _earlier(path: Path) -> PlanRecord | None:
    """The plan that was written before; a damaged one is moved aside."""
    try:
        return read_plan(path)
    except Damaged:
        set_aside(path, path.parent / layout.ASIDE, path.name)
        return None


def left(planned: Plan, runtime: Runtime) -> tuple[int, int]:
    """How many trials are to be trained or scored, and how many may still follow from them."""
    planned = grown(planned, runtime)
    stages = planned.stages
    return len(missing(planned, runtime)), stages.undecided(planned) + stages.record.left


def held(planned: Plan, runtime: Runtime) -> int:
    """How many missing trials of a run wait or train: once it has ended, for other commands."""
    from harness.queue.journal import JOURNAL
    from harness.queue.optuna_ledger import look

    lacking = {item.trial.key for item in missing(grown(planned, runtime), runtime)}
    folder = runtime.study(planned.run_name)
    if not lacking or not (folder / JOURNAL).exists():
        return 0
    # others may be left in the queue, of a plug-in that was changed and changed back
    return sum(row.open and row.key in lacking for row in look(folder, planned.run_name))


def given_up(planned: Plan, runtime: Runtime) -> list[str]:
    """One line per trial of a plan that crashed and has not been trained since."""
    lines, planned = [], grown(planned, runtime)
    names = cell_names(planned)
    for item in missing(planned, runtime):
        failure = Record(runtime.trials / item.trial.key).failure()
        if failure is not None:
            where = f"{names[item.trial.cell.label]}, seed {item.trial.seed}"
            lines.append(f"{item.trial.key} ({where}): {failure.error}")
    return lines
