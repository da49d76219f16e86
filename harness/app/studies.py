"""The use cases around studies: plan, run, report, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.analysis.settled import alike, settled
from harness.config.patch import flatten
from harness.config.runtime import Runtime
from harness.config.study import Study, read
from harness.config.trial import TrialConfig
from harness.design.expand import Plan, expand
from harness.design.forecast import Forecast, forecast, missing, remember_speed
from harness.design.reach import Reach
from harness.errors import HarnessError, shown, told, unknown
from harness.files import alone, check_writable, read_json, write_json
from harness.records import STATES
from harness.records import Trial as Record

if TYPE_CHECKING:
    from harness.executors.drive import Options
    from harness.executors.local import Outcome
    from harness.report import Summary


def plan(
    study: str,
    runtime: Runtime,
    profile: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[Plan, str]:
    """Read, check and expand a study: the plan, and a sentence on which profile it is and why."""
    file = read(study, runtime.studies)
    chosen, why = _profile(file.study, profile)
    return settled(expand(file, chosen, changes or {}, runtime.cache), runtime), why


def _profile(study: Study, asked: str | None) -> tuple[str | None, str]:
    if asked is not None:
        if asked not in study.profiles:
            raise HarnessError(unknown("profile", asked, study.profiles))
        return asked, f"profile {asked}, as asked"
    if not study.profiles:
        return None, "the study has no profiles"
    from harness.executors.devices import Machine

    gpus = Machine.here().gpus
    wanted, why = ("full", f"{len(gpus)} GPU(s)") if gpus else ("cpu", "no GPU")
    if wanted in study.profiles:
        return wanted, f"profile {wanted}, since this machine has {why}"
    first = next(iter(study.profiles))
    return first, f"profile {first}, the study's first"


def cost(of: Plan, runtime: Runtime, workers: int | None = None) -> Forecast:
    """What is missing of a plan, and what it would cost on this machine."""
    from harness.executors.devices import plan_workers

    return forecast(of, runtime.runs, len(plan_workers(workers)))


def reach(of: Plan, runtime: Runtime, pilot: str | None = None) -> Reach:
    """What the tests of a plan can find; how large an effect, where a pilot or its own run says."""
    found, name = Reach.of(of), pilot or of.run_name
    if not pilot and name not in run_names(runtime):
        return found
    from harness.analysis import frame, power

    size = power.detectable(found, [one.weights for one in of.contrasts], frame.load(name, runtime))
    if pilot and size is None:
        raise HarnessError(f"--pilot {pilot}: no two seeds of a contrast have a value there")
    return replace(found, detectable=size)


def run(of: Plan, runtime: Runtime, options: "Options") -> "Outcome":
    """Train and score what is missing; in a study that tunes, first what chooses its values."""
    from harness.executors.local import Outcome

    outcome = _train(of, runtime, options)
    if outcome is not Outcome.DONE or of.tuning is None or of.tuning.chosen:
        return outcome
    tuned = settled(of, runtime)
    return outcome if tuned is of else _train(tuned, runtime, options)


def _train(of: Plan, runtime: Runtime, options: "Options") -> "Outcome":
    from harness.executors.drive import drive
    from harness.executors.local import Outcome
    from harness.ledger.base import Job

    folder = runtime.study(of.run_name)
    check_writable(folder)
    with alone(folder / "search.lock"):  # another run of it may be adding suggestions
        of = settled(of, runtime) if of.search else of
        document = write_plan(of, runtime)
    lacking = {item.trial.key for item in missing(of, runtime.trials)}
    # the place in the plan, so that what still waits of an earlier run keeps its own
    jobs = [
        Job(trial.key, trial.cell.label, trial.seed, order)
        for order, trial in enumerate(of.due)
        if trial.key in lacking
    ]
    if not jobs and not (of.search and of.search.left > 0):
        return Outcome.DONE
    due = {trial.key for trial in of.due}
    now = {**document, "trials": [row for row in document["trials"] if row["key"] in due]}
    outcome = drive(now, jobs, runtime, options)
    remember_speed(of, runtime.runs)
    return outcome


def write_plan(of: Plan, runtime: Runtime) -> dict[str, Any]:
    """Write plan.json; what was declared before a run's first trial ended stays as it was."""
    path, document = runtime.study(of.run_name) / "plan.json", of.to_json()
    earlier = read_json(path) or {}
    seen = any(Record(runtime.trials / row["key"]).result() for row in earlier.get("trials", []))
    if seen and "declared" in earlier:
        document["declared"] = earlier["declared"]
    write_json(path, document)
    return document


def given_up(of: Plan, runtime: Runtime) -> list[str]:
    """A line for each trial of a plan that crashed and has not been trained since."""
    lines = []
    for item in missing(settled(of, runtime), runtime.trials):
        failure = Record(runtime.trials / item.trial.key).failure()
        if failure is not None:
            where = f"{item.trial.cell.label} seed {item.trial.seed}"
            lines.append(f"{item.trial.key} ({where}): {failure['error']}")
    return lines


def evaluate(study: str, metric: Mapping[str, Any], runtime: Runtime, profile: str | None) -> Plan:
    """The plan that scores the finished trials of a study by another metric, under its own name."""
    scored, _ = plan(study, runtime, profile, metric)
    own = {path: metric[path] for path in metric if not path.startswith("evaluation.")}
    scored = alike(scored, plan(study, runtime, profile, own)[0], runtime)
    trained = tuple(
        trial for trial in scored.trials if Record(runtime.trials / trial.key).result() is not None
    )
    if not trained:
        raise HarnessError(f"{study}: no trial has been trained yet; harness run {study} does it")
    return replace(scored, trials=trained)


def report(run_name: str, runtime: Runtime) -> "Summary":
    """Render the report of a run from its record; what it says."""
    from harness.report import render, summary

    document = read_json(runtime.holding(run_name).study(run_name) / "plan.json")
    if document is None:
        raise HarnessError(unknown("run", run_name, run_names(runtime)))
    if "search" in document:
        from harness.executors.importances import weigh

        weigh(run_name, runtime.holding(run_name))
    render(run_name, runtime)
    return summary(run_name, runtime)


def run_names(runtime: Runtime) -> list[str]:
    """The runs that were started here."""
    return sorted(path.parent.name for path in runtime.runs.glob("studies/*/plan.json"))


def status(runtime: Runtime) -> list[dict[str, Any]]:
    """One row a run: how many trials it has, and how they stand."""
    rows = []
    for name in run_names(runtime):
        document = read_json(runtime.study(name) / "plan.json")
        states = [Record(runtime.trials / item["key"]).state() for item in document["trials"]]
        counts = {state: states.count(state) for state in STATES}
        rows.append({"run": name, "title": document["title"], "trials": len(states), **counts})
    return rows


@dataclass(frozen=True)
class Explanation:
    """One trial, explained."""

    key: str
    state: str
    used_by: list[str]  # run, cell and seed
    changes: dict[str, Any]  # knobs that differ from S0's defaults
    result: dict[str, Any] | None
    failure: dict[str, Any] | None
    metrics: dict[str, float | None]  # metric identity → last KID
    log: list[str]


def show(key: str, runtime: Runtime, lines: int = 20) -> Explanation:
    """Explain one trial by its key, or the unique beginning of one."""
    found = [path for path in runtime.trials.glob("*") if path.name.startswith(key)]
    if not key.isalnum() or len(found) != 1:
        known = [path.name for path in runtime.trials.glob("*")]
        why = "several trials begin so" if len(found) > 1 else unknown("trial", key, known)
        raise HarnessError(why)
    trial = Record(found[0])
    begun = (trial.folder / "config.json").exists()
    config = flatten(trial.config()) if begun else flatten(TrialConfig())
    defaults = flatten(TrialConfig())
    log = trial.folder / "log.txt"
    scores = {name: trial.evaluation_rows(name) for name in trial.metrics()}
    return Explanation(
        key=trial.key,
        state=trial.state(),
        used_by=_used_by(trial.key, runtime),
        changes={path: value for path, value in config.items() if value != defaults[path]},
        result=trial.result(),
        failure=trial.failure(),
        metrics={name: rows[-1]["kid"] if rows else None for name, rows in scores.items()},
        log=log.read_text().splitlines()[-lines:] if log.exists() else [],
    )


def _used_by(key: str, runtime: Runtime) -> list[str]:
    return [
        f"{name}: {item['cell']} seed {item['seed']}"
        for name in run_names(runtime)
        for item in read_json(runtime.study(name) / "plan.json")["trials"]
        if item["key"] == key
    ]


def samples(of: Plan, runtime: Runtime, cell: str, seed: int, count: int, target: Path) -> Path:
    """Write `count` images of a trained trial as PNG files in a folder, or into one .npz."""
    record = Record(runtime.trials / of.trial(cell, seed).key)
    if record.result() is None:
        raise HarnessError(f"{record.key}: not trained yet; harness run {of.file.name} does it")
    if target.is_file() and target.suffix != ".npz":
        raise HarnessError(f"--out {target}: is a file; name a folder, or a .npz")
    check_writable(target.parent if target.suffix == ".npz" else target)
    from harness.gan.sampling import write_samples

    return write_samples(
        record.config(), record.folder / "generators", count, target, runtime.cache
    )


def clean(of: Plan, runtime: Runtime, whole: bool) -> int:
    """Free the disk of a run: its trials' weights or, if `whole`, all of them; bytes freed.

    Trials that another study uses too, or that are being trained, are left alone.
    """
    from harness.tracking.record import free

    freed = 0
    for trial in of.trials:
        folder = runtime.trials / trial.key
        # an unfinished trial's checkpoint is progress, not waste
        idle = whole or Record(folder).result() is not None
        if idle and folder.exists() and not _others(of, trial.key, runtime):
            freed += free(folder, whole)
    return freed


def _others(of: Plan, key: str, runtime: Runtime) -> bool:
    """Whether a run of another study needs this trial."""
    users = {text.split(":")[0] for text in _used_by(key, runtime)}
    studies = {read_json(runtime.study(user) / "plan.json")["study"] for user in users}
    return bool(studies - {of.file.name})


def one_off(settings: list[str], option: str = "--set ") -> dict[str, Any]:
    """`path=value` settings of a command line as a patch; values are read as YAML.

    `option` is what each was given with, for messages.
    """
    from harness.config.load import read_value
    from harness.config.patch import check_path, check_value

    patch: dict[str, Any] = {}
    for setting in settings:
        name = f"{option}{told(setting)}"
        path, equals, text = setting.partition("=")
        if not equals:
            raise HarnessError(f"{name}: write path=value")
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
