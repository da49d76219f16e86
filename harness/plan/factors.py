"""Factors: tips and inline factors as one type, so designs treat them alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.config.part import Levels
from harness.config.patch import ALIASES, Patch, default, patched
from harness.config.study import StudyFile
from harness.core.errors import HarnessError, unknown
from harness.core.format import plain
from harness.heuristics import HEURISTICS, Tip

FOLLOWING, IGNORING = "on", "off"
RECIPES = ("leave_one_out", "ablation")  # designs that follow one


@dataclass(frozen=True)
class Level:
    """A labelled patch."""

    label: str
    patch: Patch


@dataclass(frozen=True)
class Factor:
    """The levels of one question; a tip has two, following and ignoring, in this order."""

    name: str
    title: str
    levels: tuple[Level, ...]
    tip: Tip | None = None

    @property
    def paths(self) -> set[str]:
        """The knobs that any level sets."""
        return {path for level in self.levels for path in level.patch}


def study_factors(file: StudyFile) -> list[Factor]:
    """The factors of a study, tips first."""
    named = [_tip(file, index, name) for index, name in enumerate(file.study.heuristics)]
    named += [
        inline(name, levels, file.document.where("factors", name))
        for name, levels in file.study.factors.items()
    ]
    names = [factor.name for factor in named]
    for index, name in enumerate(names):
        if name in names[:index]:
            tips = len(file.study.heuristics)
            place = ("heuristics", index) if index < tips else ("factors", name)
            raise HarnessError(f"{file.document.where(*place)}: the factor {name!r} is given twice")
    # a search may have ranges alone
    if not named and file.study.design != "search":
        raise HarnessError(
            f"{file.document.file}: the design is empty: name heuristics, or factors with levels"
        )
    return named


def recipe(file: StudyFile) -> list[str]:
    """The tips of a study's recipe."""
    study = file.study
    if study.recipe and study.design not in RECIPES:
        raise HarnessError(
            f"{file.document.where('recipe')}: design {study.design} has no recipe; use "
            f"{' or '.join(RECIPES)}, or leave it out"
        )
    for index, name in enumerate(study.recipe):
        where = file.document.where("recipe", index)
        if name not in study.heuristics:
            raise HarnessError(
                f"{where}: {unknown('heuristic of the study', name, study.heuristics)}"
            )
        if name in study.recipe[:index]:
            raise HarnessError(f"{where}: the recipe contains {name!r} twice")
    return study.recipe


def resolution(file: StudyFile) -> int | None:
    """The resolution that a study requests."""
    study = file.study
    if study.resolution and study.design != "fractional":
        raise HarnessError(
            f"{file.document.where('resolution')}: design {study.design} has no resolution; use "
            "design: fractional, or leave it out"
        )
    return study.resolution


def _tip(file: StudyFile, index: int, name: str) -> Factor:
    where = file.document.where("heuristics", index)
    try:
        tip = HEURISTICS[name]
    except HarnessError as error:
        raise HarnessError(f"{where}: {error}") from None
    if not isinstance(tip, Tip):
        raise HarnessError(
            f"{where}: {name} is not a setting that a study can test (kind: {tip.kind}); see "
            f"harness heuristics {name}"
        )
    levels = (Level(FOLLOWING, tip.following), Level(IGNORING, tip.ignoring))
    return Factor(tip.id, tip.title, levels, tip)


def inline(name: str, levels: Levels, where: str) -> Factor:
    """The inline factor at `where` in a study file."""
    if isinstance(levels, Mapping):
        parts = tuple(Level(label, patch) for label, patch in levels.items())
    else:
        parts = tuple(Level(_label(value), {name: value}) for value in levels)
    if not parts:
        raise HarnessError(f"{where}: the factor {name!r} has no levels")
    if len({level.label for level in parts}) < len(parts):
        raise HarnessError(f"{where}: the factor {name!r} has the same level twice")
    return Factor(name, name, parts)


def _label(value: Any) -> str:
    if isinstance(value, bool):
        return FOLLOWING if value else IGNORING
    if isinstance(value, Mapping):
        return " ".join(f"{key} {part}" for key, part in value.items())
    return plain(value) if isinstance(value, float) else str(value)


def levels_by(
    factors: Sequence[Factor], reference: Mapping[str, Any]
) -> Callable[[Mapping[str, Any]], dict[str, str]]:
    """Knobs of a cell → factor → the label of its level there; `reference`: the reference's knobs.

    A factor is left out whose knobs have, in this cell, the values of none of its levels.
    """
    reads = {factor.name: _level_by(factor, reference) for factor in factors}

    def levels(knobs: Mapping[str, Any]) -> dict[str, str]:
        at = {name: level(knobs) for name, level in reads.items()}
        return {name: label for name, label in at.items() if label is not None}

    return levels


def _level_by(
    factor: Factor, reference: Mapping[str, Any]
) -> Callable[[Mapping[str, Any]], str | None]:
    # all that does not depend on the cell is found once: cells times factors are many
    absent = {path: default(path) for path in {ALIASES.get(path, path) for path in factor.paths}}
    before = {path: reference.get(path, value) for path, value in absent.items()}
    # multiples refer to the baseline's value of the knob itself, and to the cell's of others
    refers = [
        any(isinstance(v, Mapping) or path in ALIASES for path, v in level.patch.items())
        for level in factor.levels
    ]

    def label(knobs: Mapping[str, Any]) -> str | None:
        now = {path: knobs.get(path, value) for path, value in absent.items()}
        for level, relative in zip(factor.levels, refers, strict=True):
            base = {**knobs, **before} if relative else before
            values = patched(base, level.patch) if relative else {**base, **level.patch}
            if all(values[path] == value for path, value in now.items()):
                return level.label
        return None

    return label
