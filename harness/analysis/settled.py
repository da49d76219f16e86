"""A plan as far as it follows from the record: tuned, or with what a search suggested."""

from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.plan.expand import Plan
from harness.runs import layout
from harness.runs.plan import read_plan


def settled(of: Plan, runtime: Runtime) -> Plan:
    """The plan that can be trained now; of one that neither tunes nor searches, itself."""
    if of.search:
        plan = read_plan(runtime.study(of.run_name) / layout.PLAN)
        before = plan.search if plan else None
        more = before and len(before.suggestions) > len(of.search.suggestions)
        if before and more and of.search.resumes(before):
            search = of.search.replaced(suggestions=before.suggestions)
            return of.searched(search, runtime.cache)
    if of.tuning is None or of.tuning.chosen:
        return of
    from harness.analysis.tuning import choose  # needs pandas, which the other plans do not

    chosen = choose(of.record(), runtime)
    return of.settled(chosen) if chosen else of


def alike(of: Plan, own: Plan, runtime: Runtime) -> Plan:
    """The plan `of` with the values and suggestions of `own`, which it scores by another metric."""
    if of.search and own.search:
        made = own.search.suggestions
        done = of.search.replaced(suggestions=made, trials=sum(not item.refused for item in made))
        return of.searched(done, runtime.cache)
    if of.tuning and own.tuning:
        if not own.tuning.chosen:
            name = of.file.name
            raise HarnessError(f"{name}: not tuned to the end yet; harness run {name} does it")
        return of.settled(own.tuning.chosen)
    return of
