"""Load a study's plan and its part of the record into data frames."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from harness.analysis.blocks import Blocks
from harness.analysis.objectives import objective
from harness.analysis.reading import BESIDE, Read, Score, read, read_score
from harness.analysis.rows import each_row
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError, unknown
from harness.core.files import read_object
from harness.metrics.health import PULL
from harness.metrics.kid import HALVES, SHARED_HALVES
from harness.runs import layout
from harness.runs.plan import PlanRecord, TrialRecord, read_plan
from harness.runs.rows import MetricAbout, Nearest
from harness.runs.trial import Snapshot, Trial

__all__ = [
    "BESIDE",
    "Frames",
    "Scores",
    "each_row",
    "load",
    "load_plan",
    "load_scores",
    "load_trials",
]

_TRIAL_TEXT = ("cell", "seed", "key", "status", "identity", "flags", "message")
_TRIAL_NUMBERS = (
    "final",  # the objective; a diverged trial has its failure value, an unscored one none
    "censored",  # 1: a time that was not reached, which its budget stands for
    "threshold_seconds",
    "best",
    "best_kimg",
    "untrained",
    "final_kid",  # at the end of the training, whatever the objective
    "member_kid",  # of several GANs in one trial: the mean of each alone, where `final` looks
    *BESIDE,
    "kimg",
    "iteration",
    "generator_updates",
    "seconds",
    "evaluation_seconds",
    "images_per_second",
    "generator_parameters",
    "discriminator_parameters",
    "attempts",
)
_CURVE_TEXT = ("cell", "seed", "key", "status", "identity")
_CURVE_NUMBERS = ("evaluation", "iteration", "kimg", "generator_updates", "seconds")
_SCORES = ("kid", "kid_error", *HALVES, *SHARED_HALVES, *BESIDE)
_NEAREST_TEXT = ("cell", "seed", "metric", "sign")
_NEAREST_NUMBERS = tuple(name for name in Nearest.model_fields if name not in _NEAREST_TEXT)
_TRAINING_NUMBERS = (
    "iteration",
    "kimg",
    "seconds",
    "discriminator_loss",
    "generator_loss",
    "real_accuracy",
    "fake_accuracy",
    "augmentation_probability",
)


@dataclass(frozen=True)
class Scores:
    """How the trials of a study ended and were scored. KID as measured, times in seconds."""

    plan: PlanRecord
    trials: pd.DataFrame  # one row a planned trial
    metrics: pd.DataFrame  # one row a metric identity: what was asked, in how many trials
    configs: Mapping[str, Mapping[str, Any]]  # cell → knobs: of one of its trials, or as planned


@dataclass(frozen=True)
class Frames(Scores):
    """A study as recorded; its `trials` have a column `knob:<path>` for knobs that differ."""

    curves: pd.DataFrame  # one row a trial and evaluation, in the metric that the plan asks for
    training: pd.DataFrame  # one row a trial and log interval; `<penalty>_pull` where there is one
    flags: pd.DataFrame  # cell, seed, flag, kimg
    environments: pd.DataFrame  # one row a trial and attempt
    samples: pd.DataFrame  # cell, seed, iteration, path of a grid
    pictures: pd.DataFrame  # cell, seed, name (of `layout.PICTURES`), path
    nearest: pd.DataFrame  # one row a trial: `rows.Nearest`, and whether it is a sign of copying
    beside: pd.DataFrame  # like `trials`: what is trained and judges nothing, as for a tuning
    importances: Mapping[str, float]  # of a search, as it was last asked for
    damaged: Sequence[str] = ()  # paths of pictures that cannot be shown
    # cell → facts of its images (`config.facts`); none in a record of an older version
    images: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    blocks: Mapping[tuple[str, int], Blocks] = field(default_factory=dict)  # by cell and seed
    # cell that judges nothing → knobs as planned
    points: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    further: Sequence["Scored"] = ()  # metrics that the plan's trials were scored by, too

    @cached_property
    def _own_curves(self) -> Mapping[tuple[str, str], pd.DataFrame]:
        groups = self.curves.groupby(["cell", "identity"])
        return {(str(cell), str(name)): curves for (cell, name), curves in groups}

    def curves_of(self, cell: str, identity: str | None) -> pd.DataFrame:
        """The curves of a cell in a metric; looked for once in those of all cells."""
        return self._own_curves.get((cell, identity or ""), self.curves[:0])

    def real_kid(self, identity: str) -> float | None:
        """KID of real images against real ones in a metric; None where no record has it."""
        known = self.metrics.loc[self.metrics["identity"] == identity, "real_kid"].dropna()
        return float(known.iloc[0]) if len(known) else None


class Scored(NamedTuple):
    """A metric that is not the one that verdicts are by, and `Frames.trials` by it."""

    about: MetricAbout
    trials: pd.DataFrame


def load_plan(run_name: str, runtime: Runtime) -> PlanRecord:
    """The plan of a run; an error with the nearest run name where there is none."""
    plan = read_plan(layout.holding(run_name, runtime).study(run_name) / layout.PLAN)
    if plan is None:
        known = [path.parent.name for path in runtime.all_runs.glob(f"*/{layout.PLAN}")]
        raise HarnessError(f"{unknown('run', run_name, known)} (in {runtime.all_runs})")
    return plan


def load(run_name: str, runtime: Runtime) -> Frames:
    """Read the plan of a run and every planned trial's folder; only what judges has curves."""
    whole = load_plan(run_name, runtime)
    plan = whole.judged
    runtime = layout.holding(run_name, runtime)
    reads = [read(*each) for each in _planned(plan, runtime)]
    trials = _trials(reads)
    configs = _configs(plan, reads)
    return Frames(
        plan=plan,
        trials=pd.concat([trials, _knobs(trials["cell"], configs)], axis=1),
        curves=_frame(_each(reads, "points"), _CURVE_TEXT, (*_CURVE_NUMBERS, *_SCORES)),
        training=_training(_each(reads, "training")),
        flags=_frame(_each(reads, "flags"), ("cell", "seed", "flag"), ("kimg",)),
        environments=_frame(
            _each(reads, "environments"),
            ("cell", "seed", "at", "python", "platform", "device", "arithmetic", "versions",
             "commit", "dirty"),
            ("attempt",),
        ),
        metrics=_metrics(reads),
        samples=_frame(_each(reads, "samples"), ("cell", "seed", "path"), ("iteration",)),
        pictures=_frame(_each(reads, "pictures"), ("cell", "seed", "name", "path"), ()),
        nearest=_frame(_each(reads, "nearest"), _NEAREST_TEXT, _NEAREST_NUMBERS),
        configs=configs,
        beside=load_trials(whole.unjudged, runtime),
        points={cell.label: cell.config for cell in whole.unjudged.cells},
        importances=read_object(runtime.study(run_name) / layout.IMPORTANCES) or {},
        damaged=_damaged_pictures(plan, runtime),
        images={one.planned.cell: one.images for one in reads[::-1] if one.images},
        blocks={(one.planned.cell, one.planned.seed): one.blocks for one in reads if one.blocks},
        further=_further(reads),
    )  # fmt: skip


def load_scores(run_name: str, runtime: Runtime) -> Scores:
    """Read of the folders of all planned trials that judge only how these ended and were scored.

    For what asks no more: a tenth of the time of `load`.
    """
    plan = load_plan(run_name, runtime).judged
    scores = _scores(plan, layout.holding(run_name, runtime))
    return Scores(plan, _trials(scores), _metrics(scores), _configs(plan, scores))


def _further(reads: Sequence[Read]) -> list[Scored]:
    """By each further metric all trials; those that it has not scored have no value."""
    known = {about.identity: about for one in reads for about, _ in one.further}
    unscored = dict.fromkeys(("identity", *_TRIAL_NUMBERS), None)
    tables = {
        name: _frame(
            ({about.identity: row for about, row in one.further}.get(name, {**one.row, **unscored})
             for one in reads), _TRIAL_TEXT, _TRIAL_NUMBERS)
        for name in sorted(known)
    }  # fmt: skip
    return [Scored(known[name], table) for name, table in tables.items()]


def _damaged_pictures(plan: PlanRecord, runtime: Runtime) -> list[str]:
    trials = (Trial(runtime.trials / planned.key) for planned in plan.trials)
    return [str(path) for trial in trials for path in trial.damaged_pictures()]


def load_trials(plan: PlanRecord, runtime: Runtime) -> pd.DataFrame:
    """One row a planned trial, of any plan."""
    return _trials(_scores(plan, runtime))


def _scores(plan: PlanRecord, runtime: Runtime) -> list[Score]:
    return [read_score(*each) for each in _planned(plan, runtime)]


def _planned(plan: PlanRecord, runtime: Runtime) -> Iterator[tuple[Trial, TrialRecord, PlanRecord]]:
    objective(plan.objective)  # an unknown one is an error before anything is read
    for planned in plan.trials:
        yield Snapshot(runtime.trials / planned.key), planned, plan


def _trials(scores: Iterable[Score]) -> pd.DataFrame:
    return _frame((score.row for score in scores), _TRIAL_TEXT, _TRIAL_NUMBERS)


def _each(reads: Iterable[Read], part: str) -> list[dict[str, Any]]:
    return [row for trial in reads for row in getattr(trial, part)]


def _frame(
    rows: Iterable[Mapping[str, Any]], text: Sequence[str], numbers: Sequence[str]
) -> pd.DataFrame:
    """A frame that has its columns and types even where it has no row."""
    frame = pd.DataFrame(list(rows), columns=[*text, *numbers])
    frame = frame.astype(dict.fromkeys(numbers, float))
    return frame.astype({"seed": int, **{name: object for name in text if name != "seed"}})


def _training(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Statistics of all trainings, with the pull of each penalty that any of them has."""
    pulls = dict.fromkeys(name for row in rows for name in row if name.endswith(PULL))
    return _frame(rows, ("cell", "seed", "key"), (*_TRAINING_NUMBERS, *pulls))


def _configs(plan: PlanRecord, scores: Sequence[Score]) -> dict[str, dict[str, Any]]:
    known = {cell.label: dict(cell.config) for cell in plan.cells}
    for trial in scores:
        known[trial.planned.cell] |= trial.config
    return known


def _knobs(cells: "pd.Series[str]", configs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The knobs in which cells differ, as `knob:<path>`; None where a cell's value is unknown."""
    paths = dict.fromkeys(path for values in configs.values() for path in values if path != "seed")
    columns = {
        f"knob:{path}": [configs[cell].get(path) for cell in cells]
        for path in paths
        if len({str(values.get(path)) for values in configs.values()}) > 1
    }
    return pd.DataFrame(columns, index=cells.index, dtype=object)


def _metrics(scores: Sequence[Score]) -> pd.DataFrame:
    """With all columns, also where a record is too old for one."""
    specs: dict[str, dict[str, Any]] = {}
    fields = list(MetricAbout.model_fields)
    for trial in scores:
        if about := trial.metric:
            known = {name: getattr(about, name) for name in fields}
            spec = specs.setdefault(about.identity, {**known, "trials": 0})
            spec["trials"] += 1
            if spec["real_kid"] is None:  # an older trial does not have it
                spec["real_kid"] = about.real_kid
    return pd.DataFrame(list(specs.values()), columns=[*fields, "trials"])
