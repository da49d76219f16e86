"""Design `ablation`: one_at_a_time and leave_one_out together.

If the two give different effects for a tip, tips interact.
"""

from dataclasses import replace

from harness.plan.drafts import Asked, Draft
from harness.plan.leave_one_out import draft_leave_one_out
from harness.plan.one_at_a_time import draft_one_at_a_time


def draft_ablation(asked: Asked) -> Draft:
    """One at a time and leave one out together; cells that are equal are trained once."""
    draft = draft_one_at_a_time(asked)
    draft.add(
        draft_leave_one_out(replace(asked, factors=[one for one in asked.factors if one.tip]))
    )
    return draft
