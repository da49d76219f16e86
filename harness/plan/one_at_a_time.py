"""Design `one_at_a_time`: one change from the baseline per cell."""

from harness.plan.drafts import Asked, Contrast, Draft, label, pair
from harness.plan.factors import Factor
from harness.runs.plan import REFERENCE


def draft_one_at_a_time(asked: Asked) -> Draft:
    """Cells: the reference, and every level applied to it. Factors may share knobs."""
    draft = Draft({REFERENCE: []})
    for factor in asked.factors:
        for level in factor.levels:
            draft.cells[label(factor, level.label)] = [level.patch]
        draft.contrasts.extend(_contrasts(factor))
    return draft


def _contrasts(factor: Factor) -> list[Contrast]:
    design = "one_at_a_time"
    if factor.tip:
        weights = pair(*(label(factor, level.label) for level in factor.levels))
        return [Contrast(factor.name, factor.title, weights, design, factor.name, factor.tip)]
    cells = [label(factor, level.label) for level in factor.levels]
    return [Contrast(cell, cell, pair(cell, REFERENCE), design, factor.name) for cell in cells]
