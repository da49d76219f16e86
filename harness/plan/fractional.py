"""Design `fractional`: a fraction of the combinations that separates main effects."""

from harness.core.errors import HarnessError
from harness.plan.aliases import clear, find_aliases
from harness.plan.arrays import plackett_burman, regular, resolution
from harness.plan.crossed import contrasts, scales, told, train
from harness.plan.drafts import Asked, Draft
from harness.runs.plan import REFERENCE

FEWEST = 3  # factors, of which a fraction can be smaller than the whole


def draft_fractional(asked: Asked) -> Draft:
    """Cells: the reference, and the runs of a Plackett-Burman design, or of a regular fraction.

    +1 is following a tip, or the level that is not the baseline's.
    """
    factors = scales(asked)
    if odd := [scale for scale in factors if len(scale.levels) != 2]:
        raise HarnessError(
            f"the factor {odd[0].name!r} has {len(odd[0].levels)} levels, but a fraction needs "
            "two: leave some out, or use design: factorial"
        )
    if len(factors) < FEWEST:
        raise HarnessError(
            f"{2 ** len(factors)} combinations are too few for a fraction: use design: factorial"
        )
    wanted = asked.resolution
    signs = regular(len(factors), wanted) if wanted else plackett_burman(len(factors))
    levels = [(scale.base, 1 - scale.base) for scale in factors]  # of -1, of +1
    runs = {
        f"run_{number:02d}": tuple(pair[sign > 0] for pair, sign in zip(levels, row, strict=True))
        for number, row in enumerate(signs.tolist(), 1)
    }
    trained = train(asked, runs)
    crossed = told(factors, list(runs.values()), trained, clear(signs))
    crossed = crossed.replaced(resolution=resolution(signs), aliases=find_aliases(signs))
    effects = list(contrasts(asked, crossed, "fractional"))
    return Draft({REFERENCE: [], **trained.cells}, effects, crossed)
