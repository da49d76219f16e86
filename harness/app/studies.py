"""Use cases of studies: plan, run, report, samples."""

import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.analysis.stages import decided, grown
from harness.config.lookup import list_studies, origin
from harness.config.runtime import Runtime
from harness.config.study import Study, StudyFile, declared, read
from harness.core.errors import Damaged, HarnessError, shown, told, unknown
from harness.core.files import alone, check_writable
from harness.core.leftovers import set_aside, sweep
from harness.core.lock import Busy
from harness.plan.expand import Plan, expand_study, run_name
from harness.plan.forecast import Forecast, forecast_cost, missing, remember_speed
from harness.runs import layout
from harness.runs.contents import content_in_record
from harness.runs.plan import PlanRecord, read_plan
from harness.runs.plan import write_plan as write_record
from harness.runs.trial import Trial as Record

if TYPE_CHECKING:
    from harness.execution.local import Outcome
    from harness.execution.options import Options
    from harness.report import Summary


def plan(
    study: str,
    runtime: Runtime,
    profile: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[Plan, str]:
    """Read, check and expand a study: the plan, and a sentence on the choice of its profile."""
    expanded, why = planned(read(study, *runtime.study_folders), runtime, profile, changes)
    where = origin(study, runtime.study_folders)
    expected = ("", str(runtime.studies / f"{study}.yaml"))
    return expanded, why if where in expected else f"{why}; study file: {where}"


def planned(
    file: StudyFile,
    runtime: Runtime,
    profile: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[Plan, str]:
    """The plan of a study that was read or made of keywords, and why it has its profile."""
    chosen, why = _profile(file.study, profile)
    known = content_in_record(file.name, runtime)
    return grown(expand_study(file, chosen, changes or {}, runtime.cache, known), runtime), why


def _profile(study: Study, asked: str | None) -> tuple[str | None, str]:
    if asked is not None:
        if asked not in study.profiles:
            raise HarnessError(unknown("profile", asked, study.profiles))
        return asked, f"profile {asked}, as asked"
    if not study.profiles:
        return None, "the study has no profiles"
    from harness.execution.devices import Machine

    gpus = Machine.here().gpus
    wanted, why = ("full", f"{len(gpus)} GPU(s)") if gpus else ("cpu", "no GPU")
    if wanted in study.profiles:
        return wanted, f"profile {wanted}, since this machine has {why}"
    first = next(iter(study.profiles))
    return first, f"profile {first}, the study's first"


def name(
    study: str, runtime: Runtime, profile: str | None, changes: Mapping[str, Any] | None
) -> str:
    """The run name of a study, without reading its data or plug-ins, which may be gone.

    `study` may be the name of a run without a study file, such as one started from Python.
    """
    if study not in list_studies(runtime.study_folders) and study in layout.run_names(runtime):
        return study
    file = declared(study, *runtime.study_folders)
    return run_name(file.name, _profile(file.study, profile)[0], changes or {})


def cost(planned: Plan, runtime: Runtime, workers: int | None = None) -> Forecast:
    """The missing trials of a plan, and their cost on this machine."""
    from harness.execution.devices import plan_workers

    return forecast_cost(planned, runtime, len(plan_workers(workers)))


def run(planned: Plan, runtime: Runtime, options: "Options") -> "Outcome":
    """Train and score what is missing, then what follows from the results."""
    from harness.execution.local import Outcome

    if planned.lacking and missing(planned, runtime):
        raise HarnessError(" ".join(map(str, planned.lacking)))
    begun, hours = time.monotonic(), options.hours
    outcome = _train(planned, runtime, options)
    while outcome is Outcome.DONE and planned.stages.decides(planned):
        before, planned = planned, _decide(planned, runtime)
        if planned is before:  # trials crashed, or another run of it trains them
            break
        left = None if hours is None else hours - (time.monotonic() - begun) / 3600
        # crashed trials are tried again once, not after each decision
        options = replace(options, hours=left, retry_crashed=False)
        outcome = _train(planned, runtime, options)
    return outcome


def _decide(planned: Plan, runtime: Runtime) -> Plan:
    """The plan with what its results decide, written before anything follows from it."""
    from harness.queue.optuna_ledger import OptunaLedger

    folder = runtime.study(planned.run_name)
    ledger = OptunaLedger.open(planned.run_name, folder)
    with alone(folder / layout.SEARCH_LOCK):  # another run of it may be deciding, too
        held = {row.key for row in ledger.rows() if row.open}
        after = decided(planned, runtime, held)
        if after is not planned:
            write_plan(after, runtime)
    return after


def _train(planned: Plan, runtime: Runtime, options: "Options") -> "Outcome":
    from harness.execution.use import driven

    folder = runtime.study(planned.run_name)
    check_writable(folder)
    with driven(folder):
        return _drive(planned, runtime, options, folder)


def _drive(planned: Plan, runtime: Runtime, options: "Options", folder: Path) -> "Outcome":
    from harness.execution.driver import drive
    from harness.execution.local import Outcome
    from harness.queue.base import Job
    from harness.runs.removal import sweep_trial

    sweep(folder, runtime.runs, runtime.trials)
    for key in {trial.key for trial in planned.trials}:
        sweep_trial(runtime.trials / key)
    with alone(folder / layout.SEARCH_LOCK):  # another run of it may be adding suggestions
        planned = grown(planned, runtime)
        record = write_plan(planned, runtime)
    lacking = {item.trial.key for item in missing(planned, runtime)}
    # the place in the plan, so that what still waits of an earlier run keeps its own
    jobs = [
        Job(trial.key, trial.cell.label, trial.seed, order)
        for order, trial in enumerate(planned.due)
        if trial.key in lacking
    ]
    if not jobs and not record.stages.left:
        return Outcome.DONE
    due = {trial.key for trial in planned.due}
    outcome = drive(record.only(due), jobs, runtime, options)
    remember_speed(planned, runtime)
    return outcome


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


def changed_plugins(planned: Plan, runtime: Runtime) -> list[str]:
    """A line for each plug-in that has changed since the run was planned before."""
    try:
        earlier = read_plan(layout.plan_file(planned.run_name, runtime))
    except Damaged:
        return []
    before, now = (
        {(row.kind, row.name): row for row in plugins.used} if plugins else {}
        for plugins in (earlier and earlier.plugins, planned.plugins)
    )
    return [
        f"{row.origin} has changed since {planned.run_name} was planned before ({row.kind}: "
        f"{row.name} was {before[name].digest}, is {row.digest}): trials that use it are trained "
        "again"
        for name, row in now.items()
        if row.kind not in ("tips", "designs") and name in before
        if before[name].digest != row.digest
    ]


def given_up(planned: Plan, runtime: Runtime) -> list[str]:
    """One line per trial of a plan that crashed and has not been trained since."""
    lines = []
    for item in missing(grown(planned, runtime), runtime):
        failure = Record(runtime.trials / item.trial.key).failure()
        if failure is not None:
            where = f"{item.trial.cell.label} seed {item.trial.seed}"
            lines.append(f"{item.trial.key} ({where}): {failure.error}")
    return lines


def report(run_name: str, runtime: Runtime) -> "Summary":
    """Render the report of a run from its record; return its summary."""
    from harness.execution.search.importances import weigh
    from harness.report import render

    holding = layout.holding(run_name, runtime)
    record = read_plan(layout.plan_file(run_name, holding))
    if record is None:
        path = layout.plan_file(run_name, runtime)
        if path.parent.is_dir():
            raise HarnessError(f"{path}: missing; harness run writes it again")
        raise HarnessError(unknown("run", run_name, layout.run_names(runtime)))
    weigh(record, holding)
    return render(run_name, runtime)


def samples(
    planned: Plan, runtime: Runtime, cell: str, seed: int, count: int, target: Path
) -> Path:
    """Write `count` images of a trained trial as PNG files in a folder, or into one .npz."""
    record = Record(runtime.trials / planned.trial(cell, seed).key)
    if record.result() is None:
        raise HarnessError(
            f"{record.key}: not trained yet; train it with: harness run {planned.file.name}"
        )
    if target.is_file() and target.suffix != ".npz":
        raise HarnessError(f"--out {target}: is a file; give a folder, or a .npz file")
    check_writable(target.parent if target.suffix == ".npz" else target)
    from harness.gan.sampling import write_samples
    from harness.runs.recorder import Recorder

    with ExitStack() as held:
        # where it is being scored, that keeps it from being removed as well
        with suppress(Busy):
            held.enter_context(Recorder(record.folder).read())
        return write_samples(
            record.config(),
            record.folder / layout.GENERATORS,
            count,
            target,
            cache=runtime.cache,
        )


def one_off(settings: list[str], option: str = "--set ") -> dict[str, Any]:
    """`name=value` settings of a command line as a patch; values are read as YAML.

    `option` is the option's name, for messages.
    """
    from harness.config.load import read_value
    from harness.config.patch import check_path, check_value

    patch: dict[str, Any] = {}
    for setting in settings:
        name = f"{option}{told(setting)}"
        path, equals, text = setting.partition("=")
        if not equals:
            raise HarnessError(f"{name}: write it as name=value")
        value = read_value(text, name)
        try:
            check_path(path)
            check_value(path, value)
        except HarnessError as error:
            raise HarnessError(f"{name}: {error}") from None
        if path in patch and patch[path] != value:
            raise HarnessError(f"{name}: {path} is given twice, also as {shown(patch[path])}")
        patch[path] = value
    return patch
