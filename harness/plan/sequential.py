"""A sequential study: seeds up to the first look for all cells, then more for what is undecided.

How many seeds each cell is trained with follows from the looks in the record, and from nothing
else. The next seeds go to the cells of open contrasts, and to the reference while one is open; the
cells of crossed factors all belong to every contrast, so they stop together.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.config.sequential import Sequential
from harness.config.study import StudyFile
from harness.core import format as show
from harness.core.errors import HarnessError
from harness.plan.cells import Trial, seed_major
from harness.plan.drafts import Contrast
from harness.plan.looks import Looks, first_look, standard_looks
from harness.runs.plan import REFERENCE, PlanRecord
from harness.runs.stages import LooksRecord

if TYPE_CHECKING:
    from harness.plan.expand import Plan

LATEST = 18  # seeds of a first look: all its sign patterns are held in memory, for all seeds


def declared_looks(
    file: StudyFile, profile: str | None, contrasts: Sequence[Contrast], seeds: Sequence[int]
) -> LooksRecord | None:
    """The stopping rule of a study with a profile; None without. A mistake names its location."""
    study = file.study
    rule = study.stopping_rule(profile)
    if rule is None:
        return None
    names = tuple(contrast.name for contrast in contrasts)
    try:
        planned = _looks(rule, study.alpha, len(names), len(seeds))
    except HarnessError as error:
        in_profile = ("profiles", profile or "", "sequential")
        place = in_profile if in_profile in file.document.lines else ("sequential",)
        raise HarnessError(f"{file.document.where(*place)}: {error}") from None
    return LooksRecord(
        alpha=study.alpha,
        contrasts=names,
        seeds=tuple(sorted(seeds)),
        planned=planned,
        futility=rule.futility,
        taken=(),
    )


def _looks(rule: Sequential, alpha: float, contrasts: int, seeds: int) -> tuple[int, ...]:
    """The numbers of seeds at which a study is looked at; the first can reject."""
    if not contrasts:
        raise HarnessError(
            "sequential: the study has no contrast that could be decided: add heuristics or "
            "factors, or remove the key"
        )
    try:
        first = first_look(alpha, contrasts, seeds)
    except HarnessError as error:
        most = "seeds" if rule.n_max is None else "n_max"  # that says how many
        raise HarnessError(f"sequential: {error}: raise `{most}`, or remove the key") from None
    if first > LATEST:
        raise HarnessError(
            f"sequential: with {show.count(contrasts, 'contrast')} and alpha {show.plain(alpha)} "
            f"the first look is at {first} seeds, and its 2^{first} sign patterns are too many to "
            f"compute (at most {LATEST} seeds): raise `alpha`, or remove the key"
        )
    if rule.looks is None:
        return standard_looks(alpha, contrasts, seeds)
    if rule.looks[0] < first:
        right = [first, *(n for n in rule.looks if n > first)]
        raise HarnessError(
            f"sequential.looks: a look after {rule.looks[0]} seeds can decide nothing: with "
            f"{contrasts} contrasts, alpha {show.plain(alpha)} and at most {seeds} seeds the "
            f"first is at {first}; write {right}"
        )
    return tuple(rule.looks)


def design(looks: LooksRecord) -> Looks:
    """The declaration as the numbers that decisions follow from."""
    counts = len(looks.contrasts), len(looks.seeds)
    return Looks(looks.alpha, *counts, looks.planned, looks.futility)


@dataclass(frozen=True)
class Spread:
    """How many seeds each cell gets under a stopping rule, by the contrasts that are open."""

    cells: Sequence[str]
    contrasts: Mapping[str, Collection[str]]  # contrast → its cells
    shared: bool  # whether all cells stay while any contrast is open

    @classmethod
    def of(cls, plan: "Plan") -> "Spread":
        """Of the cells and contrasts of a plan."""
        contrasts = {contrast.name: set(contrast.weights) for contrast in plan.contrasts}
        return cls([cell.label for cell in plan.cells], contrasts, plan.crossed is not None)

    def seeds(self, at: Sequence[int], open_after: Sequence[Collection[str]]) -> dict[str, int]:
        """Cell → seeds, once the looks left these contrasts open, one collection a look."""
        counts = dict.fromkeys(self.cells, at[0])
        for n, names in zip(at[1:], open_after, strict=False):
            kept = {label for name in names for label in self.contrasts[name]} | {REFERENCE}
            for label in self.cells if names and self.shared else kept if names else ():
                counts[label] = n
        return counts


def trained(plan: "Plan", looks: LooksRecord) -> tuple[Trial, ...]:
    """The trials of a plan after the looks that were taken, seed-major."""
    return _trials(plan, looks, open_after(looks))


def untaken(plan: "Plan", looks: LooksRecord) -> tuple[Trial, ...]:
    """The trials that follow those of a plan if the looks that are left close nothing."""
    if looks.ended:
        return ()
    left = [looks.open] * (len(looks.planned) - len(looks.taken))
    known = {trial.key for trial in plan.trials}
    every = _trials(plan, looks, [*open_after(looks), *left])
    return tuple(trial for trial in every if trial.key not in known)


def _trials(
    plan: "Plan", looks: LooksRecord, open_contrasts: Sequence[Collection[str]]
) -> tuple[Trial, ...]:
    counts = Spread.of(plan).seeds(looks.planned, open_contrasts)
    order = {seed: place for place, seed in enumerate(looks.seeds)}
    every = seed_major(plan.cells, looks.seeds)
    return tuple(trial for trial in every if order[trial.seed] < counts[trial.cell.label])


def open_after(looks: LooksRecord) -> list[tuple[str, ...]]:
    """The contrasts that were open after each look that was taken."""
    taken = looks.taken
    return [looks.replaced(taken=taken[: number + 1]).open for number in range(len(taken))]


def check_unchanged(plan: "Plan", written: PlanRecord | None) -> None:
    """Raise an error where a study with looks in its record is not the one they were taken of.

    Boundaries hold for one declaration: with another, decisions of the record mean nothing.
    """
    looks = written.looks if written else None
    if written is None or looks is None or not looks.taken:
        return
    changed = _changes(plan.record(), written, looks)
    if changed:
        taken = f"{len(looks.taken)} of its {len(looks.planned)} looks"
        raise HarnessError(
            f"{plan.file.document.where('sequential')}: {plan.run_name} has taken {taken}, and "
            f"since then {'; '.join(changed)}. After the first look nothing of it may change: "
            "write it again as it was, or give the changed study another name (it uses the "
            "trainings that both need)"
        )


def _changes(now: PlanRecord, written: PlanRecord, looks: LooksRecord) -> list[str]:
    if now.looks is None:
        return [f"the key sequential was removed (it was: looks {list(looks.planned)})"]
    changed = [
        f"{name} was changed (it was {before}, and is {after})"
        for name, before, after in (
            ("looks", list(looks.planned), list(now.looks.planned)),
            ("futility", looks.futility, now.looks.futility),
            *((name, value, now.declared.get(name)) for name, value in written.declared.items()
              if name != "sequential"),
        )
        if before != after
    ]  # fmt: skip
    if looks.contrasts != now.looks.contrasts:
        changed.append(f"the contrasts were changed (they were {', '.join(looks.contrasts)})")
    seen = looks.taken[-1].seeds
    keys = {(trial.cell, trial.seed): trial.key for trial in written.trials}
    other = {
        trial.cell: None
        for trial in now.trials
        if trial.seed in seen and keys.get((trial.cell, trial.seed), trial.key) != trial.key
    }
    if other:
        changed.append(f"cells train something else ({', '.join(other)})")
    return changed
