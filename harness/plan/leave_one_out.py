"""Design `leave_one_out`: a recipe of tips, with one left out or one added at a time."""

from itertools import combinations

from harness.config.patch import DEFAULTS, Patch
from harness.core.errors import HarnessError
from harness.heuristics.clashes import clash
from harness.plan.drafts import Asked, Contrast, Draft, label, pair
from harness.plan.factors import FOLLOWING, IGNORING, Factor
from harness.runs.plan import REFERENCE

STACK = "recipe"
LEAVE_ONE_OUT, LEFT_OUT = "leave_one_out", " (leave one out)"  # the design; ends its contrasts


def draft_leave_one_out(asked: Asked) -> Draft:
    """Cells: the recipe, and each tip's two sides within the recipe.

    An empty recipe means the tips that S0 follows. For a tip outside the recipe, recipe tips that
    clash with it are removed, and its title names them.
    """
    if inline := [factor.name for factor in asked.factors if factor.tip is None]:
        raise HarnessError(
            f"the factor {inline[0]!r} is not a tip and cannot be left out: use design: ablation "
            "or one_at_a_time"
        )
    tips = {factor.name: factor for factor in asked.factors}
    stack = [tips[name] for name in asked.recipe] or [tip for tip in tips.values() if _of_s0(tip)]
    for one, two in combinations(stack, 2):
        if why := _clash(one, two):
            raise HarnessError(
                f"{one.name} and {two.name} cannot be followed together: leave one out of the "
                f"recipe, or use design: one_at_a_time ({why})"
            )
    draft = Draft({REFERENCE: []})
    for factor in tips.values():
        aside = [other for other in stack if other is not factor and _clash(factor, other)]
        others = [other for other in stack if other is not factor and other not in aside]
        before = [other.levels[0].patch for other in others]
        names = {level: f"{STACK},{label(factor, level)}" for level in (FOLLOWING, IGNORING)}
        for level, name in zip(factor.levels, names.values(), strict=True):
            draft.cells[name] = [*before, level.patch]
        without = f" (without {', '.join(other.name for other in aside)})" if aside else ""
        draft.contrasts.append(
            Contrast(
                f"{factor.name}{LEFT_OUT}",
                factor.title + without,
                pair(names[FOLLOWING], names[IGNORING]),
                LEAVE_ONE_OUT,
                factor.name,
                factor.tip,
            )
        )
    return draft


def _clash(one: Factor, two: Factor) -> str:
    """Why two tips cannot be combined; empty if they can."""
    return clash(one.tip, two.tip) if one.tip and two.tip else ""


def _of_s0(factor: Factor) -> bool:
    patch: Patch = factor.levels[0].patch
    return all(DEFAULTS[path] == value for path, value in patch.items())
