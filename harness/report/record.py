"""The part of a run's record that is published with its report, so that others can redo it."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from harness.analysis.frame import each_row, load
from harness.config.runtime import Runtime
from harness.core.errors import Damaged, HarnessError
from harness.core.files import write_json
from harness.core.leftovers import discard, passing, sweep
from harness.report.sections.samples import by_objective
from harness.runs import layout
from harness.runs.digests import differing, read_seal
from harness.runs.plan import PlanRecord, read_plan, write_plan
from harness.runs.trial import Trial

KEPT = (
    layout.CONFIG,
    layout.IMAGES,
    layout.METRICS,
    layout.NEAREST,
    layout.RESULT,
    layout.FAILURE,
)
PRIVATE = ("host", "pid")  # of a machine, and of no use elsewhere


def publish_record(run_name: str, runtime: Runtime) -> Path:
    """Write reports/<run name>/record/: plan, settings, curves, results, environments, pictures.

    No weights and no machine names; the scores by the metrics that the report shows; of the
    pictures those that it shows: all of the first seed of each cell, and the last grid of its best
    and worst. The layout is that of runs/, and `harness report` reads it where runs/ has no such
    run.
    """
    plan = read_plan(runtime.study(run_name) / layout.PLAN)
    if plan is None:
        raise HarnessError(f"{run_name}: there is no such run in {runtime.runs}")
    folder = runtime.published(run_name)
    sweep(folder.parent)
    coming = passing(folder)
    try:
        _write(plan, runtime, Runtime(runs=coming, reports=runtime.reports))
        discard(folder)
        coming.rename(folder)
    finally:
        shutil.rmtree(coming, ignore_errors=True)
    return folder


def _write(plan: PlanRecord, runtime: Runtime, target: Runtime) -> None:
    write_plan(target.study(plan.run_name) / layout.PLAN, plan)
    first = min(plan.seeds)
    frames = load(plan.run_name, runtime)
    trials = frames.trials
    # a page that shows several metrics shows them from here, too
    identities = {*trials["identity"].dropna(), *(one.about.identity for one in frames.further)}
    by_cell = by_objective(trials)
    ends = {
        (cell, row.seed) for cell, rows in by_cell.items() for row in each_row(rows.iloc[[0, -1]])
    }
    for planned in plan.trials:
        source = Trial(runtime.trials / planned.key)
        if source.environment():
            grids = source.samples()
            shown = [*grids, *(source.folder / name for name in layout.PICTURES)]
            if planned.seed != first:
                shown = grids[-1:] if (planned.cell, planned.seed) in ends else []
            scores = source.folder.glob(f"{layout.EVALUATIONS}/*")
            scores = (file for file in scores if file.stem in identities)
            _copy(source, target.trials / planned.key, [*scores, *shown])


def _copy(trial: Trial, folder: Path, chosen: Iterable[Path]) -> None:
    seal = read_seal(trial.folder)
    for path, why in differing(trial.folder, seal).items() if seal else ():
        if path.parent.name != layout.GENERATORS and path.suffix != ".png":
            raise Damaged(path, why)
    for file in _there([*(trial.folder / name for name in KEPT), *chosen]):
        target = folder / file.relative_to(trial.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    attempts = [
        {name: value for name, value in attempt.to_json().items() if name not in PRIVATE}
        for attempt in trial.environment()
    ]
    write_json(folder / layout.ENVIRONMENT, attempts)


def _there(files: Iterable[Path]) -> list[Path]:
    return [file for file in files if file.is_file()]
