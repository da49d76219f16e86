"""Expand a study into a plan: resolved cells, contrasts and trials in seed-major order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.catalog import DESIGNS
from harness.config.content import Contents
from harness.config.identity import digest, key, keys, metric_request
from harness.config.patch import Patch, flatten, resolve
from harness.config.study import StudyFile
from harness.config.trial import TrialConfig, rules
from harness.design.drafts import REFERENCE, Contrast, Draft
from harness.design.factors import factors, recipe
from harness.design.leave_one_out import STACK
from harness.errors import HarnessError, unknown


@dataclass(frozen=True)
class Cell:
    """One level per factor: a configuration but for the seed."""

    label: str
    config: TrialConfig  # at seed 0
    patch: Patch  # where it differs from the reference

    def trial(self, seed: int) -> TrialConfig:
        """The configuration of one trial."""
        return self.config.model_copy(update={"seed": seed})  # no rule looks at the seed


@dataclass(frozen=True)
class Trial:
    """Cell times seed: one training."""

    cell: Cell
    seed: int
    key: str


@dataclass(frozen=True)
class Plan:
    """What a run of a study trains, and the contrasts that its ranking is made of."""

    run_name: str
    file: StudyFile
    profile: str | None
    changes: Patch
    cells: tuple[Cell, ...]
    contrasts: tuple[Contrast, ...]
    trials: tuple[Trial, ...]  # seed-major: every prefix is balanced

    def cell(self, label: str) -> Cell:
        """A cell by its label, or an error with the nearest."""
        found = {cell.label: cell for cell in self.cells}
        if label not in found:
            raise HarnessError(unknown("cell", label, found))
        return found[label]

    def to_json(self) -> dict[str, Any]:
        """What `plan.json` holds: enough to render the report without the study file."""
        study = self.file.study
        profile = study.profiles[self.profile] if self.profile else None
        declared = (study.design, study.metric, study.objective, study.equivalence, study.alpha)
        return {
            "run_name": self.run_name,
            "study": self.file.name,
            "profile": self.profile,
            "changes": dict(self.changes),
            "title": study.title,
            "question": study.question,
            "sources": study.sources,
            "note": profile.note if profile else "",
            "evidence": profile.evidence if profile else True,
            "design": study.design,
            "seeds": sorted({trial.seed for trial in self.trials}),
            "alpha": study.alpha,
            "equivalence": study.equivalence,
            "objective": study.objective,
            "analysis_digest": digest(list(declared), 8),
            "reference": self.cells[0].label,
            "cells": [_cell_json(cell) for cell in self.cells],
            "contrasts": [_contrast_json(contrast) for contrast in self.contrasts],
            "trials": [
                {"cell": trial.cell.label, "seed": trial.seed, "key": trial.key}
                for trial in self.trials
            ],
        }


def expand(file: StudyFile, profile: str | None, changes: Patch, cache: Path) -> Plan:
    """Resolve every cell of a study under a profile; `changes` are one-off baseline changes."""
    study = file.study
    chosen = study.profiles[profile] if profile else None
    metric = (chosen.metric if chosen else None) or study.metric
    under: list[Patch] = [{"evaluation.protocol": metric} if metric else {}, study.baseline]
    under += [chosen.patch if chosen else {}, changes]
    draft, contents = _draft(file), Contents(cache)

    def resolved(label: str, layers: list[Patch]) -> TrialConfig:
        try:
            return contents.fill(resolve(layers))
        except HarnessError as error:
            where = _where(file, profile, changes, label, str(error))
            raise HarnessError(f"{where}: cell {label!r}: {error}") from None

    reference = resolved(REFERENCE, under)
    before = flatten(reference)
    cells: dict[str, Cell] = {}
    names: dict[str, str] = {}  # draft label → label of the cell that it is
    for label, patches in draft.cells.items():
        config = resolved(label, [*under, *patches]) if patches else reference
        identity = f"{key(config)}/{metric_request(config)}"
        if identity not in cells:
            cells[identity] = Cell(label, config, _difference(config, before))
        names[label] = cells[identity].label
    contrasts = _merge(file, draft.contrasts, names)
    used = {label for item in contrasts for label in (item.following, item.ignoring)}
    kept = tuple(cell for cell in cells.values() if cell.label in used or cell.label == REFERENCE)
    seeds = study.seed_list(profile)
    known = {cell.label: keys(cell.config, seeds) for cell in kept}
    trials = tuple(Trial(cell, seed, known[cell.label][seed]) for seed in seeds for cell in kept)
    return Plan(
        _run_name(file.name, profile, changes), file, profile, changes, kept, contrasts, trials
    )


def _draft(file: StudyFile) -> Draft:
    asked, followed = factors(file), recipe(file)
    try:
        draft: Draft = DESIGNS.load(file.study.design)(asked, followed)
    except HarnessError as error:
        raise HarnessError(f"{file.document.where('design')}: {error}") from None
    return draft


def _where(file: StudyFile, profile: str | None, changes: Patch, label: str, error: str) -> str:
    """Whose fault a mistake in a cell is: its tip or level; in the reference, a knob's it names."""
    document = file.document
    name, _, level = label.removeprefix(f"{STACK},").partition("=")
    if name in file.study.heuristics:
        return document.where("heuristics", file.study.heuristics.index(name))
    if name in file.study.factors:
        return document.where("factors", name, level)
    for knob in re.findall(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+", error):
        if knob in changes:
            return f"{document.file}, command line"
        for place in (("profiles", profile or "", "patch", knob), ("baseline", knob)):
            if place in document.lines:
                return document.where(*place)
    return str(document.file)


def _merge(
    file: StudyFile, contrasts: list[Contrast], names: Mapping[str, str]
) -> tuple[Contrast, ...]:
    """Contrasts between the cells as merged: no pair twice, none of a cell with itself."""
    merged: dict[tuple[str, str, str], Contrast] = {}
    for contrast in contrasts:
        following, ignoring = names[contrast.following], names[contrast.ignoring]
        if following == ignoring and contrast.tip is None and contrast.ignoring == REFERENCE:
            continue  # the level that is the reference
        if following == ignoring:
            index = file.study.heuristics.index(contrast.factor)
            raise HarnessError(
                f"{file.document.where('heuristics', index)}: both sides of {contrast.factor} "
                "train the same thing here: the knobs that it sets have no effect"
            )
        item = Contrast(
            contrast.name,
            contrast.title,
            following,
            ignoring,
            contrast.design,
            contrast.factor,
            contrast.tip,
        )
        merged.setdefault((contrast.factor, following, ignoring), item)
    if not merged:
        raise HarnessError(
            f"{file.document.file}: the design is empty: every level is the reference"
        )
    return tuple(merged.values())


def _difference(config: TrialConfig, before: Patch) -> dict[str, Any]:
    return {path: value for path, value in flatten(config).items() if value != before[path]}


def _run_name(name: str, profile: str | None, changes: Patch) -> str:
    parts = [name, *([profile] if profile else [])]
    return "-".join([*parts, digest(dict(changes), 6)] if changes else parts)


def _cell_json(cell: Cell) -> dict[str, Any]:
    return {
        "label": cell.label,
        "patch": dict(cell.patch),
        "request": metric_request(cell.config),
        "warnings": rules.warnings(cell.config),
        "config": flatten(cell.config),
    }


def _contrast_json(contrast: Contrast) -> dict[str, Any]:
    claims = contrast.tip.claims if contrast.tip else ()
    return {
        "name": contrast.name,
        "kind": "tip" if contrast.tip else "level",
        "title": contrast.title,
        "following": contrast.following,
        "ignoring": contrast.ignoring,
        "weights": {contrast.following: 1, contrast.ignoring: -1},
        "design": contrast.design,
        "heuristic": contrast.tip.id if contrast.tip else None,
        "claims": [
            {
                "source": claim.source,
                "effect": claim.effect,
                "condition": claim.condition,
                "quote": claim.gist,
            }
            for claim in claims
        ],
    }
