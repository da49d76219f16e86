"""How large an effect must be for a plan to find it, judged by the scatter of an earlier run."""

import math
from collections.abc import Mapping, Sequence

from scipy.optimize import brentq
from statsmodels.stats.power import TTestPower

from harness.analysis.effects import differences
from harness.analysis.frame import Frames
from harness.design.reach import POWER, Detectable, Reach

Weights = Mapping[str, float]


def scatter(pilot: Frames) -> float:
    """The standard deviation of a cell over seeds, beside what cells of a seed share; KID.

    Pooled over the pilot's contrasts: a paired difference has the variance of a cell times the sum
    of its squared weights, where all cells scatter alike. NaN where no contrast has two seeds.
    """
    squares, freedom = 0.0, 0
    for contrast in pilot.plan["contrasts"]:
        found = differences(pilot.trials, contrast["weights"])["difference"]
        if len(found) > 1:
            squares += (len(found) - 1) * found.var() / _squared(contrast["weights"])
            freedom += len(found) - 1
    return math.sqrt(squares / freedom) if freedom else math.nan


def _squared(weights: Weights) -> float:
    return sum(weight**2 for weight in weights.values())


def detectable(of: Reach, contrasts: Sequence[Weights], pilot: Frames) -> Detectable | None:
    """What a plan's contrasts find with a power of 80 %; None where pilot or seeds are too few.

    A paired t at the level divided by the number of contrasts (Bonferroni); the contrast that
    scatters most counts.
    """
    own = scatter(pilot)
    if math.isnan(own) or of.seeds < 2:
        return None
    sd = own * math.sqrt(max(_squared(weights) for weights in contrasts))
    alpha = of.alpha / of.contrasts
    name = pilot.plan["run_name"]
    return Detectable(name, own, sd, alpha, sd * standardised(of.seeds, alpha))


def standardised(seeds: int, alpha: float) -> float:
    """The mean difference, in its standard deviations, that a paired t finds with this power.

    Of its two tails the wrong one, which has next to no share at such a power, is left out: SciPy's
    noncentral t has no value far below zero, and `solve_power` then returns where it gave up.
    """
    test = TTestPower()

    def lacking(size: float) -> float:
        return float(test.power(size, seeds, alpha / 2, alternative="larger")) - POWER

    most = 1.0
    while lacking(most) < 0:
        most *= 2
    return float(brentq(lacking, 0, most))
