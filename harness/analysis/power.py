"""Power of a plan's contrasts with their seeds, by the scatter of an earlier run.

Each contrast by itself: what a tip does to a seed's result differs from tip to tip by more than
tenfold, so a mean over tips holds for none of them.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from harness.analysis.effects import differences
from harness.analysis.equivalence import margin, resolution
from harness.analysis.frame import Scores, each_row
from harness.analysis.learning import of_reference
from harness.analysis.sample_size import detected_size, detection_seeds, equivalence_seeds
from harness.plan.drafts import Contrast
from harness.plan.naming import contrast_names
from harness.plan.reach import Detectable, Found, Reach


class _Scatter(NamedTuple):
    """The paired differences of a pilot's contrast, of the seeds that both sides finished."""

    signature: tuple[float, ...]
    seeds: int
    sd: float
    margin: float  # within which the plan calls it equivalent; NaN: unknown


def detectable(
    reach: Reach, contrasts: Sequence[Contrast], pilot: Scores, stated: float | None = None
) -> Detectable | None:
    """Effects and seeds with a power of 80 % for each contrast; None of too few seeds or pilots.

    Each has the scatter that the pilot's contrast of the same name and weights has. Of those that
    the pilot lacks no more is known than what its own ones would need. `stated` is the effect for
    which seeds are counted, in the objective's unit; None: the margin of equivalence.
    """
    if reach.seeds < 2 or not reach.contrasts:
        return None
    known = dict(_scatters(reach, pilot))
    if not known:
        return None
    size = detected_size(reach.seeds, reach.alpha, reach.contrasts)
    alike = {
        each.name: _decided(each.name, known[each.name], size, reach, stated)
        for each in contrasts
        if each.name in known and known[each.name].signature == _signature(each.weights)
    }
    scatters = [scatter.sd for scatter in known.values()]
    return Detectable(
        pilot=pilot.plan.run_name,
        objective=pilot.plan.objective,
        alpha=reach.alpha / reach.contrasts,
        stated=stated,
        found=tuple(alike.values()),
        lacking=tuple(each.name for each in contrasts if each.name not in alike),
        others=(min(scatters) * size, max(scatters) * size) if size else None,
        unlearnt=of_reference(pilot.plan, pilot.trials),
        titles=contrast_names(contrasts),
    )


def _decided(
    name: str, scatter: _Scatter, size: float | None, reach: Reach, stated: float | None
) -> Found:
    limit = scatter.margin if math.isfinite(scatter.margin) else None
    effect = limit if stated is None else stated
    family = reach.alpha, reach.contrasts
    return Found(
        contrast=name,
        pilot_seeds=scatter.seeds,
        sd=scatter.sd,
        effect=scatter.sd * size if size else None,
        margin=limit,
        detection_seeds=detection_seeds(_ratio(effect, scatter.sd), *family) if effect else None,
        equivalence_seeds=equivalence_seeds(_ratio(limit, scatter.sd), *family) if limit else None,
    )


def _ratio(size: float, sd: float) -> float:
    return size / sd if sd > 0 else math.inf


def _scatters(reach: Reach, pilot: Scores) -> Iterator[tuple[str, _Scatter]]:
    """Of the pilot's contrasts that two seeds finished, by name; the margin is the plan's share."""
    judged = replace(pilot, plan=pilot.plan.replaced(equivalence=reach.equivalence))
    within = cache(lambda identity: margin(judged, identity) - resolution(judged))
    for contrast in pilot.plan.contrasts:
        seeds = differences(pilot.trials, contrast.weights)
        values = seeds.loc[seeds["finished"], "difference"]
        if len(values) > 1:
            known, sd = within(seeds["identity"].iloc[0]), float(values.std(ddof=1))
            half = known if known > 0 else math.nan
            yield contrast.name, _Scatter(_signature(contrast.weights), len(values), sd, half)


def _signature(weights: Mapping[str, float]) -> tuple[float, ...]:
    """The part of the weights that determines a difference's scatter, without names of cells."""
    return tuple(sorted(round(abs(weight), 9) for weight in weights.values()))


def scored_alike(pilot: Scores, request: str, known: str | None) -> Scores | None:
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
