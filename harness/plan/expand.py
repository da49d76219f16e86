"""Expand a study into a plan: resolved cells, contrasts and trials in seed-major order."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.config.catalog import DESIGNS
from harness.config.identity import digest, metric_request
from harness.config.inputs.content import Contents
from harness.config.inputs.lacking import Lacking, Recorded
from harness.config.patch import Patch, flatten
from harness.config.study import StudyFile
from harness.config.trial import TrialConfig, rules
from harness.core.errors import HarnessError, unknown
from harness.plan.cells import Cell, Trial, difference, seed_major
from harness.plan.configs import Configs
from harness.plan.drafts import Asked, Contrast, Draft, contrast_record
from harness.plan.factors import levels_by, recipe, resolution, study_factors
from harness.plan.further import further_metrics
from harness.plan.leave_one_out import STACK
from harness.plan.path import STEP
from harness.plan.plugins import activated, plugin_record
from harness.plan.search import declared
from harness.plan.sequential import declared_looks
from harness.plan.stages import Static, study_stages
from harness.plan.tuning import study_tuning
from harness.runs.plan import (
    REFERENCE,
    CellRecord,
    PlanRecord,
    TrialRecord,
)
from harness.runs.plugins import PluginsRecord

if TYPE_CHECKING:
    from harness.runs.crossed import Crossed
    from harness.runs.stages import LooksRecord

# of a study's keys, what says how it is judged
DECLARED = ("design", "resolution", "metric", "objective", "threshold", "equivalence", "alpha")


@dataclass(frozen=True)
class Plan:
    """The cells and trials of a run, and the contrasts of its ranking."""

    run_name: str
    file: StudyFile
    profile: str | None
    changes: Patch
    cells: tuple[Cell, ...]
    contrasts: tuple[Contrast, ...]
    trials: tuple[Trial, ...]  # seed-major: every prefix is balanced; what tunes goes first
    stages: Static = field(default_factory=Static)  # how the trials follow from one another
    crossed: "Crossed | None" = None  # of designs that combine the levels of all factors
    images: tuple[Mapping[str, Any], ...] = ()  # of each data set that its cells train on
    lacking: tuple[Lacking, ...] = ()  # missing files, whose content a record knows
    plugins: PluginsRecord | None = None  # that it was made with; None: with none
    metrics: tuple[Patch, ...] = ()  # by which trials are scored, too: knobs of the evaluation

    @property
    def due(self) -> tuple[Trial, ...]:
        """The trials that can be trained now."""
        return self.stages.due(self)

    @property
    def judging(self) -> tuple[Trial, ...]:
        """The trials of the ranking."""
        judged = {cell.label for cell in self.cells}
        return tuple(trial for trial in self.trials if trial.cell.label in judged)

    @property
    def seeds(self) -> list[int]:
        """The seeds of the ranking."""
        return self.stages.seeds(self.judging)

    @property
    def looks(self) -> "LooksRecord | None":
        """The looks of a sequential study; None of another one. `record` takes far longer."""
        return self.stages.fields.get("looks")

    @property
    def reference(self) -> str:
        """The label of its cell."""
        return self.cells[0].label

    @property
    def labels(self) -> list[str]:
        """Of all cells, those of the stages last."""
        return [cell.label for cell in (*self.cells, *self.stages.cells)]

    def cell(self, label: str) -> Cell:
        """A cell by its label, or an error with the nearest."""
        cells = {cell.label: cell for cell in self.cells}
        if label not in cells:
            raise HarnessError(unknown("cell", label, cells))
        return cells[label]

    def trial(self, label: str, seed: int) -> Trial:
        """A trial by its cell and seed, or an error with the existing ones."""
        trials = {trial.seed: trial for trial in self.trials if trial.cell is self.cell(label)}
        if seed not in trials:
            seeds = ", ".join(str(known) for known in trials)
            raise HarnessError(f"{self.run_name}: {label} has no seed {seed} (seeds: {seeds})")
        return trials[seed]

    def _followed(self, contrast: Contrast) -> list[TrialConfig]:
        """The cells that follow a tip."""
        weights = contrast.weights.items()
        return [self.cell(label).config for label, weight in weights if weight > 0]

    def record(self) -> PlanRecord:
        """The plan as a record: enough to render the report without the study file."""
        return self._record

    @cached_property
    def _record(self) -> PlanRecord:
        study = self.file.study
        profile = study.profiles[self.profile] if self.profile else None
        declared = {name: getattr(study, name) for name in DECLARED} | {"seeds": self.seeds}
        every = {**declared, **self.stages.record.declared}
        return PlanRecord(
            run_name=self.run_name,
            study=self.file.name,
            profile=self.profile,
            changes=dict(self.changes),
            title=study.title,
            question=study.question,
            sources=tuple(study.sources),
            note=profile.note if profile else "",
            evidence=profile.evidence if profile else True,
            **declared,
            declared=every,
            analysis_digest=digest(list(every.values()), 8),
            reference=self.reference,
            cells=tuple(self._cells),
            contrasts=tuple(contrast_record(one, self._followed(one)) for one in self.contrasts),
            crossed=self.crossed,
            trials=tuple(trial_record(trial) for trial in self.trials),
            **self._optional,
        )

    @property
    def _cells(self) -> Iterator[CellRecord]:
        """All cells for the record, each with its levels."""
        levels = levels_by(study_factors(self.file), flatten(self.cells[0].config))
        for cell in (*self.cells, *self.stages.cells):
            yield cell_record(cell, levels(flatten(cell.config)))

    @property
    def _optional(self) -> Mapping[str, Any]:
        """Fields of the record that most plans do not have."""
        plugins = {"plugins": self.plugins} if self.plugins else {}
        metrics = {"metrics": self.metrics} if self.metrics else {}
        return {**metrics, **self.stages.fields, **plugins}

    def to_json(self) -> dict[str, Any]:
        """`record` as plain data."""
        return self.record().to_json()


def expand_study(
    file: StudyFile,
    profile: str | None,
    changes: Patch,
    cache: Path,
    recorded: Recorded | None = None,
) -> Plan:
    """Resolve every cell of a study with a profile; `changes` are those of `--set`.

    For a missing file or folder, the content that a record (`recorded`) names is used.
    """
    study = file.study
    own_tips = activated(file)
    chosen = study.profiles[profile] if profile else None
    metric = (chosen.metric if chosen else None) or study.metric
    under: list[Patch] = [{"evaluation.protocol": metric} if metric else {}, study.baseline]
    under += [chosen.patch if chosen else {}, changes]
    contents = Contents(cache, recorded)
    configs = Configs(contents)

    def resolved(label: str, layers: list[Patch]) -> TrialConfig:
        try:
            return configs.of(layers)
        except HarnessError as error:
            where = _where(file, profile, changes, label, str(error))
            raise HarnessError(f"{where}: cell {label!r}: {error}") from None

    reference = resolved(REFERENCE, under)
    draft = _draft(file, lambda patches: configs.identity([*under, *patches]))
    before = flatten(reference)
    cells: dict[str, Cell] = {}
    names: dict[str, str] = {}  # draft label → label of the cell that it is
    for label, patches in draft.cells.items():
        layers = [*under, *patches]
        config, name = resolved(label, layers), configs.identity(layers)
        if name not in cells:
            cells[name] = Cell(label, config, difference(config, before))
        names[label] = cells[name].label
    contrasts = _merge(file, draft.contrasts, names)
    crossed = draft.crossed and draft.crossed.renamed(names)
    used = {REFERENCE, *(crossed.cells if crossed else ())}
    used |= {label for item in contrasts for label in item.weights}
    kept = tuple(cell for cell in cells.values() if cell.label in used)
    tuning = study_tuning(
        file, kept, lambda cell, name, point: resolved(name, [*under, *point, *draft.cells[cell]])
    )
    seeds = study.seed_list(profile)
    search = declared(file, seeds, under, draft.searched)
    stages = study_stages(tuning, search, declared_looks(file, profile, contrasts, seeds))
    trials = (*stages.choosing, *seed_major(kept, stages.first(seeds)))
    images = contents.facts({cell.label: cell.config for cell in kept})
    return Plan(
        run_name(file.name, profile, changes), file, profile, changes, kept, contrasts, trials,
        stages, crossed, images, contents.lacking, plugin_record(file, own_tips, kept, contrasts),
        further_metrics(file, [cell.config for cell in kept], contents, changes),
    )  # fmt: skip


def _draft(file: StudyFile, trains: Callable[[list[Patch]], str]) -> Draft:
    asked = Asked(study_factors(file), recipe(file), resolution(file), trains)
    try:
        draft: Draft = DESIGNS.load(file.study.design)(asked)
    except HarnessError as error:
        raise HarnessError(f"{file.document.where('design')}: {error}") from None
    return draft


def _where(file: StudyFile, profile: str | None, changes: Patch, label: str, error: str) -> str:
    """Location of a mistake in a cell: its tip or level; in the reference, the named knob."""
    document = file.document
    name, _, level = re.sub(rf"^(?:{STACK}|{STEP}_\d+),", "", label).partition("=")
    if name in file.study.heuristics:
        return document.where("heuristics", file.study.heuristics.index(name))
    if name in file.study.factors:
        return document.where("factors", name, level)
    for knob in re.findall(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+", error):
        if knob in changes:
            return document.where_changed(knob)
        for place in (("profiles", profile or "", "patch", knob), ("baseline", knob)):
            if place in document.lines:
                return document.where(*place)
    return str(document.file)


def _merge(
    file: StudyFile, contrasts: list[Contrast], names: Mapping[str, str]
) -> tuple[Contrast, ...]:
    """Contrasts between the merged cells, without duplicates and zeros."""
    merged: dict[tuple[str, frozenset[tuple[str, float]]], Contrast] = {}
    for contrast in contrasts:
        weights: dict[str, float] = {}
        for label, weight in contrast.weights.items():
            weights[names[label]] = weights.get(names[label], 0) + weight
        weights = {label: weight for label, weight in weights.items() if weight}
        if not weights and contrast.tip is None:
            continue  # the level that is the reference
        if not weights:
            index = file.study.heuristics.index(contrast.factor)
            raise HarnessError(
                f"{file.document.where('heuristics', index)}: both sides of {contrast.factor} "
                "train the same here: the settings have no effect"
            )
        item = replace(contrast, weights=weights)
        merged.setdefault((contrast.factor, frozenset(weights.items())), item)
    if contrasts and not merged:
        raise HarnessError(
            f"{file.document.file}: the design is empty: every level equals the reference"
        )
    return tuple(merged.values())


def run_name(name: str, profile: str | None, changes: Patch) -> str:
    """The name of a run, used by queue, W&B group and report."""
    parts = [name, *([profile] if profile else [])]
    return "-".join([*parts, digest(dict(changes), 6)] if changes else parts)


def cell_record(cell: Cell, levels: Mapping[str, str]) -> CellRecord:
    """A cell as `plan.json` holds it; `levels`: factor → the label of its level."""
    return CellRecord(
        label=cell.label,
        patch=dict(cell.patch),
        levels=dict(levels),
        request=metric_request(cell.config),
        warnings=tuple(rules.warnings(cell.config)),
        config=flatten(cell.config),
    )


def trial_record(trial: Trial) -> TrialRecord:
    """A trial as `plan.json` holds it."""
    return TrialRecord(cell=trial.cell.label, seed=trial.seed, key=trial.key)
