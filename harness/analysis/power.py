"""How large an effect must be for a plan to find it, judged by the scatter of an earlier run.

Each contrast by itself: what a tip does to a seed's result differs from tip to tip by more than
tenfold, so a mean over tips holds for none of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from scipy.optimize import brentq
from statsmodels.stats.power import TTestPower

from harness.analysis.effects import differences
from harness.analysis.frame import Frames, each_row
from harness.plan.drafts import Contrast
from harness.plan.reach import POWER, Detectable, Found, Reach


def detectable(reach: Reach, contrasts: Sequence[Contrast], pilot: Frames) -> Detectable | None:
    """Effects that a plan's contrasts find with a power of 80 %; None of too few seeds or pilots.

    A paired t at the level divided by the number of contrasts (Bonferroni), each with the scatter
    that the pilot's contrast of the same name and weights has over the seeds that both sides
    finished. Of those that the pilot lacks no more is known than what its own ones would need.
    """
    if reach.seeds < 2:
        return None
    alpha = reach.alpha / reach.contrasts
    most = standardised(reach.seeds, alpha)
    known = {
        name: (signature, Found(name, n, sd, sd * most)) for name, signature, n, sd in _own(pilot)
    }
    if not known:
        return None
    alike = {
        each.name: known[each.name][1]
        for each in contrasts
        if each.name in known and known[each.name][0] == _signature(each.weights)
    }
    sizes = [size.effect for _, size in known.values()]
    return Detectable(
        pilot=pilot.plan.run_name,
        objective=pilot.plan.objective,
        alpha=alpha,
        found=tuple(alike.values()),
        lacking=tuple(each.name for each in contrasts if each.name not in alike),
        others=(min(sizes), max(sizes)),
    )


def _own(pilot: Frames) -> Iterator[tuple[str, tuple[float, ...], int, float]]:
    """Name, weights, seeds and deviation of the pilot's contrasts that two seeds finished."""
    for contrast in pilot.plan.contrasts:
        seeds = differences(pilot.trials, contrast.weights)
        values = seeds.loc[seeds["finished"], "difference"]
        if len(values) > 1:
            name, signature = contrast.name, _signature(contrast.weights)
            yield name, signature, len(values), float(values.std(ddof=1))


def _signature(weights: Mapping[str, float]) -> tuple[float, ...]:
    """The part of the weights that determines a difference's scatter, without names of cells."""
    return tuple(sorted(round(abs(weight), 9) for weight in weights.values()))


def scored_alike(pilot: Frames, request: str, known: str | None) -> Frames | None:
    """The pilot with those trials that were scored as a plan asks for; None if none was.

    `request` is the plan's, `known` the metric identity that it stands for, if a trial has it.
    """
    same = {
        row.identity
        for row in each_row(pilot.metrics)
        if request in row.requests or row.identity == known
    }
    trials = pilot.trials[pilot.trials["identity"].isin(list(same))]
    return replace(pilot, trials=trials) if len(trials) else None


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
