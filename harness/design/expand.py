"""Expand a study into a plan: resolved cells, contrasts and trials in seed-major order."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.catalog import DESIGNS
from harness.config.content import Contents
from harness.config.identity import digest, key, keys, metric_request
from harness.config.patch import Patch, flatten, resolve
from harness.config.study import StudyFile
from harness.config.trial import TrialConfig, rules
from harness.design.drafts import REFERENCE, Asked, Contrast, Draft
from harness.design.factors import factors, recipe, resolution
from harness.design.leave_one_out import STACK
from harness.errors import HarnessError, unknown
from harness.heuristics.conditions import met

if TYPE_CHECKING:
    from harness.design.crossed import Crossed

# of a study's keys, what says how it is judged
DECLARED = ("design", "resolution", "metric", "objective", "threshold", "equivalence", "alpha")


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
    crossed: "Crossed | None" = None  # of designs that combine the levels of all factors

    def cell(self, label: str) -> Cell:
        """A cell by its label, or an error with the nearest."""
        found = {cell.label: cell for cell in self.cells}
        if label not in found:
            raise HarnessError(unknown("cell", label, found))
        return found[label]

    def trial(self, label: str, seed: int) -> Trial:
        """A trial by its cell and seed, or an error that names what there is."""
        found = {trial.seed: trial for trial in self.trials if trial.cell is self.cell(label)}
        if seed not in found:
            seeds = ", ".join(str(known) for known in found)
            raise HarnessError(f"{self.run_name}: {label} has no seed {seed} (seeds: {seeds})")
        return found[seed]

    def _followed(self, contrast: Contrast) -> list[TrialConfig]:
        """The cells that follow a tip."""
        weights = contrast.weights.items()
        return [self.cell(label).config for label, weight in weights if weight > 0]

    def to_json(self) -> dict[str, Any]:
        """What `plan.json` holds: enough to render the report without the study file."""
        study = self.file.study
        profile = study.profiles[self.profile] if self.profile else None
        seeds = sorted({trial.seed for trial in self.trials})
        declared = {name: getattr(study, name) for name in DECLARED} | {"seeds": seeds}
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
            **declared,
            "declared": declared,
            "analysis_digest": digest(list(declared.values()), 8),
            "reference": self.cells[0].label,
            "cells": [_cell_json(cell) for cell in self.cells],
            "contrasts": [_contrast_json(item, self._followed(item)) for item in self.contrasts],
            "crossed": self.crossed.to_json() if self.crossed else None,
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
    contents = Contents(cache)

    def resolved(label: str, layers: list[Patch]) -> TrialConfig:
        try:
            return contents.fill(resolve(layers))
        except HarnessError as error:
            where = _where(file, profile, changes, label, str(error))
            raise HarnessError(f"{where}: cell {label!r}: {error}") from None

    reference = resolved(REFERENCE, under)
    draft = _draft(file, lambda patches: _identity(contents.fill(resolve([*under, *patches]))))
    cells: dict[str, Cell] = {}
    names: dict[str, str] = {}  # draft label → label of the cell that it is
    for label, patches in draft.cells.items():
        config = resolved(label, [*under, *patches]) if patches else reference
        identity = _identity(config)
        cells.setdefault(identity, Cell(label, config, _difference(config, reference)))
        names[label] = cells[identity].label
    contrasts = _merge(file, draft.contrasts, names)
    crossed = draft.crossed and draft.crossed.renamed(names)
    used = {REFERENCE, *(crossed.cells if crossed else ())}
    used |= {label for item in contrasts for label in item.weights}
    kept = tuple(cell for cell in cells.values() if cell.label in used)
    seeds = study.seed_list(profile)
    known = {cell.label: keys(cell.config, seeds) for cell in kept}
    trials = tuple(Trial(cell, seed, known[cell.label][seed]) for seed in seeds for cell in kept)
    name = _run_name(file.name, profile, changes)
    return Plan(name, file, profile, changes, kept, contrasts, trials, crossed)


def _identity(config: TrialConfig) -> str:
    """What a cell trains and is asked, by content."""
    return f"{key(config)}/{metric_request(config)}"


def _draft(file: StudyFile, trains: Callable[[list[Patch]], str]) -> Draft:
    asked = Asked(factors(file), recipe(file), resolution(file), trains)
    try:
        draft: Draft = DESIGNS.load(file.study.design)(asked)
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
    """Contrasts between the cells as merged: no row of weights twice, none that is zero."""
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
                "train the same thing here: the knobs that it sets have no effect"
            )
        item = replace(contrast, weights=weights)
        merged.setdefault((contrast.factor, frozenset(weights.items())), item)
    if not merged:
        raise HarnessError(
            f"{file.document.file}: the design is empty: every level is the reference"
        )
    return tuple(merged.values())


def _difference(config: TrialConfig, reference: TrialConfig) -> dict[str, Any]:
    before = flatten(reference)
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


def _contrast_json(contrast: Contrast, followed: list[TrialConfig]) -> dict[str, Any]:
    claims = contrast.tip.claims if contrast.tip else ()
    return {
        "name": contrast.name,
        "kind": "tip" if contrast.tip else "level",
        "title": contrast.title,
        "following": contrast.following,
        "ignoring": contrast.ignoring,
        "weights": dict(contrast.weights),
        "design": contrast.design,
        "heuristic": contrast.tip.id if contrast.tip else None,
        "claims": [
            {
                "source": claim.source,
                "effect": claim.effect,
                "of": claim.of,
                "condition": claim.condition,
                "met": met(claim.condition, followed),
                "quote": claim.gist,
            }
            for claim in claims
        ],
    }
