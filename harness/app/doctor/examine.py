"""The order of the doctor's checks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from harness.app.doctor import machine, runs
from harness.app.doctor.finding import Finding, left
from harness.app.doctor.trials import RECORD, Planned, check_trial
from harness.config.runtime import Runtime
from harness.core.errors import Damaged
from harness.runs import layout
from harness.runs.plan import AGAIN, PlanRecord, read_plan
from harness.runs.status import Status
from harness.runs.trial import Trial

Progress = Callable[[str, int, int], None]


class Part(NamedTuple):
    """Findings of one place, generated when read, and its number of trials."""

    findings: Iterable[Finding]
    trials: int = 0


def examine_places(
    runtime: Runtime, names: Sequence[str], whole: bool, progress: Progress
) -> Iterator[Part]:
    """All places; `whole`: also those that belong to no run."""
    yield Part(_installation(runtime, progress))
    plans, damaged = _plans(runtime, names)
    yield Part(damaged)
    yield Part(machine.check_inputs(cell.config for plan in plans for cell in plan.cells))
    if whole:
        yield Part(left(RECORD, runtime.runs, runtime.trials, runtime.all_runs,
                        runtime.reports))  # fmt: skip
        remedy = "it is measured again"
        yield Part(runs.document(runtime.runs / layout.SPEED, remedy))
        yield Part(_planless(runtime))
    for plan in plans:
        yield Part(runs.check_folder(runtime.study(plan.run_name)))
        yield Part(left(RECORD, runtime.reports / plan.run_name))
    planned = _planned(plans)
    keys = [*planned]
    if whole:
        others = sorted(path.name for path in runtime.trials.glob("[!.]*"))
        keys += [name for name in others if name not in planned]
        if not damaged:
            yield Part(_orphans(runtime, keys[len(planned) :]))
    for number, key in enumerate(keys):
        progress(f"trial {key}", number, len(keys))
        trial = Trial(runtime.trials / key)
        if trial.folder.exists():
            yield Part(check_trial(trial, planned.get(key)), trials=1)
    for plan in plans:
        progress(f"queue and W&B of {plan.run_name}", len(keys), len(keys))
        yield Part(_missing(plan, runtime))
        yield Part(runs.check_ledger(plan, runtime))
        yield Part(runs.check_mirror(plan, runtime))


def _installation(runtime: Runtime, progress: Progress) -> Iterator[Finding]:
    progress("versions", 0, 1)
    yield from machine.check_versions()
    progress("devices, as TensorFlow sees them", 0, 1)
    yield from machine.check_devices()
    yield from machine.check_places(runtime)
    yield from machine.check_tracking(runtime)


def _plans(runtime: Runtime, names: Sequence[str]) -> tuple[list[PlanRecord], list[Finding]]:
    plans, missing = [], []
    for name in names:
        path = runtime.study(name) / layout.PLAN
        try:
            if plan := read_plan(path):
                plans.append(plan)
        except Damaged as error:
            missing.append(runs.damaged(RECORD, path, error.why, AGAIN))
    return plans, missing


def _planned(plans: Sequence[PlanRecord]) -> dict[str, Planned]:
    """Key → knobs, request and command, from the first plan that has it."""
    needed: dict[str, Planned] = {}
    for plan in plans:
        again = plan.command("run")
        for trial in plan.trials:
            if trial.key not in needed:
                needed[trial.key] = Planned(plan.knobs(trial), plan.request(trial), again)
    return needed


def _orphans(runtime: Runtime, keys: Sequence[str]) -> Iterator[Finding]:
    for key in keys:
        folder = runtime.trials / key
        what = "not in the plan of any study" if folder.is_dir() else "not the folder of a trial"
        yield Finding(RECORD, str(folder), what, "remove it if nothing needs it", wrong=False)
    if aside := sorted(path.name for path in (runtime.runs / layout.ASIDE).glob("*")):
        text = f"moved aside earlier: {', '.join(aside)}"
        yield Finding(RECORD, str(runtime.runs / layout.ASIDE), text,
                      "remove them when you do not need them", wrong=False)  # fmt: skip


def _planless(runtime: Runtime) -> Iterator[Finding]:
    """Folders of runs without a plan."""
    for folder in layout.run_folders(runtime):
        if not (folder / layout.PLAN).exists():
            yield Finding(RECORD, str(folder / layout.PLAN), "it is not there", AGAIN, wrong=False)


def _missing(plan: PlanRecord, runtime: Runtime) -> Iterator[Finding]:
    states = [Trial(runtime.trials / trial.key).status() for trial in plan.trials]
    lacking = (Status.CRASHED, Status.BEGUN, Status.MISSING)
    counts = {status: states.count(status) for status in lacking}
    summary = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    if summary:
        yield Finding(RECORD, plan.run_name, f"of {len(states)} trials {summary}",
                      f"{plan.command('run')} trains what is missing", wrong=False)  # fmt: skip
