"""Design `search`: each cell is suggested by a sampler from the results before it.

Its plan grows during the run: a worker asks for a suggestion, adds the cell and the trial to
`plan.json`, and queues it. Suggestions are stored in the plan, results in the record, and nothing
else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.config.inputs.content import Contents
from harness.config.patch import DEFAULTS, Patch, flatten, resolve
from harness.config.search import Range
from harness.config.search import Search as Declared
from harness.config.study import StudyFile
from harness.config.trial import TrialConfig
from harness.core.errors import HarnessError
from harness.plan.cells import Cell, difference
from harness.plan.drafts import Asked, Draft
from harness.plan.factors import Factor
from harness.runs.plan import REFERENCE
from harness.runs.stages import Search

SCHEDULE = ("training.evaluations", "training.final_evaluations")
PATIENCE = 100  # suggestions in a row that the rules between knobs may forbid


class Outcome(NamedTuple):
    """Result of a suggestion, for the sampler."""

    params: Mapping[str, Any]
    state: str  # of the trial's record, or REFUSED
    value: float | None  # the objective
    kids: Mapping[int, float]  # KID by the number of the evaluation
    cell: str = ""  # its label; empty where it was refused


REFUSED = "refused"  # the rules between knobs forbid it
ENOUGH = 10  # finished suggestions from which importances are estimated


def suggested_config(search: Search, params: Mapping[str, Any], cache: Path) -> TrialConfig:
    """The configuration of a suggestion, or an error if the rules forbid it."""
    knobs = {name: value for name, value in params.items() if name not in search.factors}
    levels = [search.factors[name][params[name]] for name in search.factors]
    return Contents(cache).fill(resolve([*search.layers, knobs, *levels]))


def suggested_cells(search: Search, reference: TrialConfig, cache: Path) -> tuple[Cell, ...]:
    """The suggested cells, without duplicates."""
    made: dict[str, Cell] = {}
    before = flatten(reference)
    for item in search.suggestions:
        if item.cell and item.cell not in made and item.cell != REFERENCE:
            config = suggested_config(search, item.params, cache)
            made[item.cell] = Cell(item.cell, config, difference(config, before))
    return tuple(made.values())


def draft_search(asked: Asked) -> Draft:
    """The reference, and factors from whose levels cells are suggested. There are no contrasts."""
    return Draft({REFERENCE: []}, searched=asked.factors)


def declared(
    file: StudyFile, seeds: Sequence[int], layers: Sequence[Patch], factors: Sequence[Factor]
) -> Search | None:
    """The search of a study file; None for another design. A mistake names its location."""
    study = file.study
    _check(file, seeds)
    if study.search is None:
        return None
    _check_schedule(file, study.search, factors)
    return Search(
        layers=tuple(layers),
        space=_space(file, study.search, factors),
        factors={
            factor.name: {level.label: dict(level.patch) for level in factor.levels}
            for factor in factors
        },
        trials=study.search.trials,
        sampler=study.search.sampler,
        pruner=study.search.pruner,
        seed=seeds[0],
        suggestions=(),
    )


def _check(file: StudyFile, seeds: Sequence[int]) -> None:
    study, where = file.study, file.document.where
    if (study.design == "search") is (study.search is None):
        place = where("search" if study.search else "design")
        raise HarnessError(
            f"{place}: design: search needs the key `search` with a number of trials, and the key "
            "needs this design"
        )
    if study.search is None:
        return
    for name in ("tune", "recipe"):
        if getattr(study, name):
            raise HarnessError(f"{where(name)}: a search does not use `{name}`")
    if len(seeds) != 1:
        raise HarnessError(
            f"{where('seeds')}: a search trains each suggestion with one seed: write seeds: 1, or "
            f"a list of one (given: {len(seeds)})"
        )


def _check_schedule(file: StudyFile, asked: Declared, factors: Sequence[Factor]) -> None:
    """A pruner compares evaluations of equal numbers, which must come at equal times."""
    patched = {knob for factor in factors for level in factor.levels for knob in level.patch}
    varied = [knob for knob in SCHEDULE if knob in {*asked.space, *patched}]
    if asked.pruner != "none" and varied:
        raise HarnessError(
            f"{file.document.where('search')}: a pruner compares trials evaluation by evaluation, "
            f"so {varied[0]} must be the same in all: write pruner: none, or set it in the baseline"
        )


def _space(
    file: StudyFile, asked: Declared, factors: Sequence[Factor]
) -> dict[str, dict[str, Any]]:
    """Ranges, then tips and other factors as choices; no two may set the same knob."""
    where = file.document.where
    space = {
        name: _dimension(name, span, where("search", "space", name))
        for name, span in asked.space.items()
    }
    setting = dict.fromkeys(space, "the space")
    for factor in factors:
        for path in sorted(factor.paths):
            if (other := setting.setdefault(path, factor.name)) != factor.name:
                raise HarnessError(f"{where('search')}: {other} and {factor.name} both set {path}")
        space[factor.name] = {"choices": [level.label for level in factor.levels]}
    if not space:
        raise HarnessError(f"{where('search')}: the space is empty: give ranges, or heuristics")
    return space


def _dimension(name: str, span: Range, where: str) -> dict[str, Any]:
    if span.choices is not None:
        return {"choices": span.choices}
    numbers = [number for number in (span.low, span.high, span.step) if number is not None]
    whole = not isinstance(DEFAULTS.get(name, 0.0), float) and isinstance(span.low, int)
    if whole and not all(isinstance(number, int) for number in numbers):
        raise HarnessError(
            f"{where}: {name} is a whole number, so low, high and step must be whole, too"
        )
    return {"low": span.low, "high": span.high, "log": span.log, "step": span.step, "whole": whole}
