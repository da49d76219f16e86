"""Design `path`: changes that are added up, each to the ones before it.

As in the tables of BigGAN (Brock et al. 2019), StyleGAN2 (Karras et al. 2020) and R3GAN (Huang et
al. 2024), whose configurations go from A to F. Each step is one paired contrast.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from harness.config.patch import Patch
from harness.core.errors import HarnessError
from harness.plan.drafts import Asked, Contrast, Draft, label, pair
from harness.plan.factors import FOLLOWING, IGNORING, Factor, Level
from harness.runs.plan import REFERENCE, ContrastRecord

PATH, STEP = "path", "step"  # the design; the prefix of its cells


class _Step(NamedTuple):
    """One change, and whether the cell after it is the one that follows the tip."""

    factor: Factor
    level: Level
    follows: bool


def draft_path(asked: Asked) -> Draft:
    """Cells: the reference, and each further change added to the cell before.

    A tip switches from the side that the cell before has to the other one, and its effect remains
    following − ignoring. Each level of another factor is a step.
    """
    draft = Draft({REFERENCE: []})
    before = REFERENCE
    patches: list[Patch] = []
    for number, step in enumerate(_steps(asked), 1):
        factor, named = step.factor, label(step.factor, step.level.label)
        after = f"{STEP}_{number:02d},{named}"
        patches = [*patches, step.level.patch]
        draft.cells[after] = patches
        name, title = (factor.name, factor.title) if factor.tip else (named, named)
        draft.contrasts.append(
            Contrast(
                f"{name} ({STEP} {number})",
                f"Step {number}: {title}",
                pair(after, before) if step.follows else pair(before, after),
                PATH,
                factor.name,
                factor.tip,
            )
        )
        before = after
    return draft


def _steps(asked: Asked) -> Iterator[_Step]:
    patches: list[Patch] = []
    visited = {asked.trains(patches): REFERENCE}
    for factor in asked.factors:
        taken = list(_taken(factor, asked, patches))
        if not taken:
            raise HarnessError(
                f"the factor {factor.name!r} changes nothing at its place in the path: leave it "
                "out, or give it another level"
            )
        for step in taken:
            patches.append(step.level.patch)
            named = f"step {label(factor, step.level.label)}"
            # its contrast would repeat those since that cell, with the other sign
            if (cell := visited.setdefault(asked.trains(patches), named)) != named:
                raise HarnessError(
                    f"the {named} leads back to the cell of {cell}: leave it out, or give it "
                    "another level"
                )
            yield step


def _taken(factor: Factor, asked: Asked, before: Sequence[Patch]) -> Iterator[_Step]:
    """The steps of a factor: a tip's other side, or each level that changes something."""
    patches = list(before)
    if factor.tip:
        yield _switched(factor, asked, patches)
        return
    for level in factor.levels:
        if _trains(factor, asked, [*patches, level.patch]) != asked.trains(patches):
            patches.append(level.patch)
            yield _Step(factor, level, True)


def _switched(factor: Factor, asked: Asked, patches: list[Patch]) -> _Step:
    """The side of a tip that the cell before does not have."""
    now = asked.trains(patches)
    following, ignoring = factor.levels
    if _like(asked, [*patches, ignoring.patch], now):
        _trains(factor, asked, [*patches, following.patch])
        return _Step(factor, following, True)
    if _like(asked, [*patches, following.patch], now):
        _trains(factor, asked, [*patches, ignoring.patch])
        return _Step(factor, ignoring, False)
    sides = " nor ".join(_settings(level) for level in (following, ignoring))
    start = asked.trains([])
    if any(_like(asked, [level.patch], start) for level in factor.levels):
        remedy = "An earlier step changes the same settings: leave out one of the two"
    else:
        remedy = "Give the baseline one of its sides"
    raise HarnessError(
        f"{factor.name} cannot be a step here: the cell before it has neither {sides}. {remedy}, "
        "or write the change as a factor"
    )


def _settings(level: Level) -> str:
    values = ", ".join(f"{path} = {_written(value)}" for path, value in level.patch.items())
    return f"{'its following' if level.label == FOLLOWING else 'its ignoring'} side ({values})"


def _written(value: Any) -> str:
    """As a study writes it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {part}" for key, part in value.items()) + "}"
    return str(value)


def _like(asked: Asked, patches: list[Patch], identity: str) -> bool:
    """Whether patches train what is identified; what cannot be trained does not."""
    try:
        return asked.trains(patches) == identity
    except HarnessError:
        return False


def _trains(factor: Factor, asked: Asked, patches: list[Patch]) -> str:
    try:
        return asked.trains(patches)
    except HarnessError as error:
        raise HarnessError(
            f"{factor.name} cannot be added to the steps before it: {error}. Give it another "
            "place, or leave it out"
        ) from None


def changes(contrasts: Iterable[Contrast | ContrastRecord]) -> list[str]:
    """The changes of a path in its order, a tip that a step stops following as off; else none."""
    steps = (contrast for contrast in contrasts if contrast.design == PATH)
    return [_change(contrast, number) for number, contrast in enumerate(steps, 1)]


def _change(contrast: Contrast | ContrastRecord, number: int) -> str:
    name = contrast.name.removesuffix(f" ({STEP} {number})")
    stopped = contrast.ignoring.startswith(f"{STEP}_{number:02d},")
    return f"{name}={IGNORING}" if stopped else name


def order(changed: Sequence[str]) -> list[str]:
    """Sentences on a path: its order, and the designs that show whether another one matters."""
    forwards, backwards = (" → ".join(names) for names in (changed, changed[::-1]))
    return [
        f"Path: {REFERENCE} → {forwards}. The effect of a step holds after the steps before it.",
        f"In another order effects may differ. Alternatives: the reverse order ({backwards}); "
        "design: one_at_a_time, each change on the baseline; design: factorial, all combinations.",
    ]


def placed(changed: Sequence[str]) -> list[str]:
    """For each step, the ones before it, and those before it in the reverse order."""
    return [
        f"{_after(changed[:place])}; in the reverse order {_after(changed[:place:-1])}"
        for place in range(len(changed))
    ]


def _after(before: Sequence[str]) -> str:
    return f"after {', '.join(before)}" if before else "on the baseline"
