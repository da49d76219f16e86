"""From the baseline, change one factor at a time."""

from harness.design.drafts import REFERENCE, Contrast, Draft, label
from harness.design.factors import Factor


def one_at_a_time(factors: list[Factor], recipe: list[str]) -> Draft:
    """Cells: the reference and every level over it. Factors may share knobs: none are combined."""
    del recipe  # read by leave_one_out
    draft = Draft({REFERENCE: []})
    for factor in factors:
        for level in factor.levels:
            draft.cells[label(factor, level.label)] = [level.patch]
        draft.contrasts.extend(_contrasts(factor))
    return draft


def _contrasts(factor: Factor) -> list[Contrast]:
    design = "one_at_a_time"
    if factor.tip:
        following, ignoring = (label(factor, level.label) for level in factor.levels)
        return [
            Contrast(
                factor.name, factor.title, following, ignoring, design, factor.name, factor.tip
            )
        ]
    cells = [label(factor, level.label) for level in factor.levels]
    return [Contrast(cell, cell, cell, REFERENCE, design, factor.name) for cell in cells]
