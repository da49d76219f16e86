"""All combinations of the levels of all factors."""

from itertools import combinations, product
from math import prod

from harness.core.errors import HarnessError
from harness.core.format import whole
from harness.plan.crossed import contrasts, scales, told, train
from harness.plan.drafts import Asked, Draft
from harness.runs.plan import REFERENCE

MOST = 1024  # combinations


def draft_factorial(asked: Asked) -> Draft:
    """Cells: the reference and every combination that can be trained, named by its levels."""
    factors = scales(asked)
    size = prod(len(scale.levels) for scale in factors)
    if size > MOST:
        raise HarnessError(
            f"the {len(factors)} factors have {whole(size)} combinations, more than {whole(MOST)}: "
            "use design: fractional, or leave some factors out"
        )
    runs = {
        ",".join(scale.levels[level] for scale, level in zip(factors, run, strict=True)): run
        for run in product(*(range(len(scale.levels)) for scale in factors))
    }
    trained = train(asked, runs)
    pairs = list(combinations(range(len(factors)), 2))
    crossed = told(factors, list(runs.values()), trained, pairs)
    effects = list(contrasts(asked, crossed, "factorial"))
    return Draft({REFERENCE: [], **trained.cells}, effects, crossed)
