"""Use cases of studies: plan and report."""

import shlex
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.analysis.stages import grown
from harness.config.lookup import list_studies, origin
from harness.config.runtime import Runtime, is_name
from harness.config.study import Study, StudyFile, declared, read
from harness.core.errors import Damaged, HarnessError, shown, told, unknown
from harness.plan.expand import Plan, expand_study, run_name
from harness.plan.forecast import Forecast, forecast_cost
from harness.runs import layout
from harness.runs.contents import content_in_record
from harness.runs.plan import AGAIN, read_plan

if TYPE_CHECKING:
    from harness.report import Summary
    from harness.report.studio import Studio


def plan(
    study: str,
    runtime: Runtime,
    profile: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[Plan, str]:
    """Read, check and expand a study: the plan, and a sentence on the choice of its profile.

    The name of a run is an error that says how to name it by its study.
    """
    _refuse_run(study, runtime)
    expanded, why = planned(read(study, *runtime.study_folders), runtime, profile, changes)
    where = origin(study, runtime.study_folders)
    expected = ("", str(runtime.studies / f"{study}.yaml"))
    return expanded, why if where in expected else f"{why}; study file: {where}"


def _refuse_run(name: str, runtime: Runtime) -> None:
    """Raise an error if it is the name of a run of another study."""
    studies = list_studies(runtime.study_folders)
    if name in studies or name not in layout.run_names(runtime):
        return
    with suppress(Damaged):
        record = read_plan(layout.plan_file(name, runtime))
        if record and record.study in studies:
            words = shlex.join(record.words)
            raise HarnessError(f"{name} is a run, where a study is needed: give {words}")


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
        if profile or changes:
            raise HarnessError(
                f"{study} is a run, and has its profile and settings: leave out --profile and --set"
            )
        return study
    known = {*list_studies(runtime.study_folders), *layout.run_names(runtime)}
    if (
        is_name(study)
        and study not in known
        and get_close_matches(study, layout.run_names(runtime))
    ):
        raise HarnessError(unknown("study or run", study, known))
    file = declared(study, *runtime.study_folders)
    return run_name(file.name, _profile(file.study, profile)[0], changes or {})


def cost(planned: Plan, runtime: Runtime, workers: int | None = None) -> Forecast:
    """The missing trials of a plan, and their cost on this machine."""
    from harness.execution.devices import plan_workers

    return forecast_cost(planned, runtime, len(plan_workers(workers)))


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


def report(run_name: str, runtime: Runtime, apart: bool = False) -> "Summary":
    """Render the report of a run from its record; return its summary.

    `apart`: another process draws its figures meanwhile.
    """
    from harness.report.studio import Studio

    with Studio() if apart else nullcontext() as studio:
        return _report(run_name, runtime, studio)


def no_run(run_name: str, runtime: Runtime) -> str:
    """Message that a run is not there; its study may be."""
    text = unknown("run", run_name, layout.run_names(runtime))
    return f"{text}; a study has a run once `harness run` has started it"


def _report(run_name: str, runtime: Runtime, studio: "Studio | None") -> "Summary":
    from harness.execution.search.importances import weigh
    from harness.report import render

    holding = layout.holding(run_name, runtime)
    record = read_plan(layout.plan_file(run_name, holding))
    if record is None:
        path = layout.plan_file(run_name, runtime)
        if path.parent.is_dir():
            raise HarnessError(f"{path}: missing; {AGAIN}")
        raise HarnessError(no_run(run_name, runtime))
    weigh(record, holding)
    return render(run_name, runtime, studio)


def pack(page: Path) -> Path:
    """Pack the folder of a report's page; the path of the .zip next to it."""
    from harness.report.zipped import pack

    return pack(page)


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
