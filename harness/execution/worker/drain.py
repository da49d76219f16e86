"""Drain the queue: take one trial after the other, and survive whatever goes wrong in one."""

import os
import time
import traceback
from collections.abc import Callable

from harness.config.patch import unflatten
from harness.config.plugins import recall
from harness.config.runtime import Runtime
from harness.config.trial import TrialConfig
from harness.core.errors import HarnessError
from harness.core.files import unwritable
from harness.core.lock import Busy
from harness.core.stop import Stop
from harness.execution.cells import Cells
from harness.execution.ended import answered
from harness.execution.search.source import source_of
from harness.execution.worker.probe import try_plugins
from harness.execution.worker.trial import Context, run_trial
from harness.gan import devices
from harness.gan.graph_cache import open_cache
from harness.gan.numbers import structure
from harness.gan.train.program import Programs
from harness.queue.base import Claim
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs import layout
from harness.runs.plan import PlanRecord, read_plan
from harness.runs.recorder import Recorder
from harness.runs.status import Status

PROGRAMS_A_PROCESS = 40  # at about 30 MB that TensorFlow keeps of each when it is dropped
IDLE = 0.2  # seconds between two looks at an empty queue
LOG_TAIL = 40  # lines of a traceback kept with a failure


def work(
    run_name: str, runtime: Runtime, name: str, keep_all: bool = False, stay: bool = False
) -> int:
    """Take trials of a run from its ledger until none waits; the exit code of the process.

    `stay`: further ones may come, until the driver ends or asks to stop.
    """
    driver, stop = os.getppid(), Stop()
    stop.install()
    folder = runtime.study(run_name)
    plan = read_plan(folder / layout.PLAN)
    if plan is None:
        raise HarnessError(f"{folder}: no run of that name was started here")
    context = prepare(plan, runtime, stop, keep_all)
    try_plugins(plan)
    programs = context.programs
    ledger = OptunaLedger.open(run_name, folder, runtime.trials)
    source = source_of(plan, runtime, ledger)
    context.gives_up = source.gives_up
    cells = _Cells(folder / layout.PLAN, plan)

    def compiled(cell: str) -> bool:
        return cells.structure(cell) in programs

    # a worker is renewed now and then for the memory that TensorFlow does not give back
    while programs.compiled < PROGRAMS_A_PROCESS and not stop():
        if (claim := ledger.claim(name, compiled)) is None:
            if not source.extend():
                if not stay or os.getppid() != driver:
                    break
                time.sleep(IDLE)
            continue
        try:
            knobs = cells.claimed(claim).knobs
        except HarnessError:
            ledger.finish(claim, Status.STOPPED, "")
            raise
        context.plan = cells.plan
        _attempt(unflatten({**knobs, "seed": claim.seed}), claim, ledger, context)
    return 0


def prepare(
    plan: PlanRecord, runtime: Runtime, stop: Callable[[], bool], keep_all: bool = False
) -> Context:
    """Set TensorFlow to the run's threads; the context of a plan's trials in this process."""
    arithmetic = devices.configure(int(os.environ.get("HARNESS_THREADS", "1")), _xla())
    modules = plan.plugins.modules if plan.plugins else ()
    # after TensorFlow is set up, which plug-ins may import
    recall(plan.run_name, ((module.file, module.digest) for module in modules))
    graphs = open_cache(runtime.cache / "graphs", arithmetic)
    programs = Programs(bool(arithmetic["xla"]), graphs)
    return Context(plan, runtime, arithmetic, programs, stop, keep_all)


class _Cells(Cells):
    """And which program trains each."""

    def _learn(self, plan: PlanRecord) -> None:
        super()._learn(plan)
        self.plan = plan
        self._structures = {label: structure(knobs) for label, knobs in self._knobs.items()}

    def structure(self, label: str) -> str:
        """Which program trains a cell; empty where that is not known yet."""
        return self._structures.get(label, "")


def _xla() -> bool | None:
    """Whether HARNESS_XLA asks for XLA or against it; None: neither."""
    asked = os.environ.get("HARNESS_XLA", "")
    if asked not in ("", "0", "1"):
        raise HarnessError(f"HARNESS_XLA: must be 0, 1 or empty (given: {asked!r})")
    return None if not asked else asked == "1"


def _attempt(config: TrialConfig, claim: Claim, ledger: OptunaLedger, context: Context) -> None:
    """One attempt at one trial; whatever goes wrong in it is recorded and costs only this."""
    recorder = Recorder(context.runtime.trials / claim.key)
    try:
        status, message = attempt(config, claim, recorder, context)
    except HarnessError as error:
        # a mistake of the user's: once it is mended, the next run finds the trial still waiting
        ledger.finish(claim, Status.STOPPED, str(error))
        raise
    ledger.finish(claim, status, message)


def attempt(
    config: TrialConfig, claim: Claim, recorder: Recorder, context: Context
) -> tuple[Status, str]:
    """Train or score a trial once nobody else does; how that ended, and a crash's message.

    A crash is recorded in the trial's failure.json and log.txt.
    """
    try:
        with _hold(recorder, context.stop):
            return _run(config, claim, recorder, context)
    except Busy:
        return Status.STOPPED, ""


def _run(
    config: TrialConfig, claim: Claim, recorder: Recorder, context: Context
) -> tuple[Status, str]:
    if ended := answered(recorder.folder, config, context.plan.metrics):
        return ended, "trained meanwhile by another run"
    try:
        return run_trial(config, claim, recorder, context), ""
    except HarnessError:
        raise
    except Exception as error:
        if unwritable(error):
            raise  # nor could a record of it be written
        message, trace = f"{type(error).__name__}: {error}", traceback.format_exc()
        recorder.log(trace)
        tail = "\n".join(trace.splitlines()[-LOG_TAIL:])
        recorder.failure(message, tail)
        return Status.CRASHED, message
    finally:
        context.close_sink(claim, recorder)


def _hold(recorder: Recorder, stop: Callable[[], bool]) -> Recorder:
    """The trial's folder, once nobody else trains it; raises Busy if asked to stop meanwhile."""
    while True:
        try:
            return recorder.acquire()
        except Busy:
            if stop():
                raise
            time.sleep(1.0)
