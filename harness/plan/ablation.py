"""Both ways of asking: add one to the baseline, and leave one out of the recipe.

Where the two disagree, tips interact.
"""

from dataclasses import replace

from harness.plan.drafts import Asked, Draft
from harness.plan.leave_one_out import leave_one_out
from harness.plan.one_at_a_time import one_at_a_time


def ablation(asked: Asked) -> Draft:
    """One at a time and leave one out together; cells that are equal are trained once."""
    draft = one_at_a_time(asked)
    draft.add(leave_one_out(replace(asked, factors=[one for one in asked.factors if one.tip])))
    return draft
