"""Both ways of asking: add one to the baseline, and leave one out of the recipe.

Where the two disagree, tips interact.
"""

from harness.design.drafts import Draft
from harness.design.factors import Factor
from harness.design.leave_one_out import leave_one_out
from harness.design.one_at_a_time import one_at_a_time


def ablation(factors: list[Factor], recipe: list[str]) -> Draft:
    """One at a time and leave one out together; cells that are equal are trained once."""
    draft = one_at_a_time(factors, recipe)
    draft.add(leave_one_out([factor for factor in factors if factor.tip], recipe))
    return draft
