"""Power analysis of a plan, from its seeds and an earlier run."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.config.identity import metric_request
from harness.config.runtime import Runtime
from harness.core import format as show
from harness.core.errors import HarnessError
from harness.plan.expand import Plan
from harness.plan.reach import Detectable, Reach
from harness.runs.layout import run_names
from harness.runs.trial import Trial as Record

if TYPE_CHECKING:
    from harness.analysis.course import Course, Truth
    from harness.analysis.frame import Scores


def reach(
    planned: Plan, runtime: Runtime, pilot: str | None = None, effect: float | None = None
) -> Reach:
    """Power of the tests of a plan, contrast by contrast if there is a pilot or a run of it.

    `effect` is the one for which seeds are counted, in the scale in which the objective is shown
    (KID × 10³); None: the margin of equivalence. A pilot with another objective or metric is
    refused, and so is an effect without one.
    """
    power, name, stated = Reach.of(planned), pilot or planned.run_name, _stated(planned, effect)
    decided = None
    if pilot or name in run_names(runtime):
        from harness.analysis.frame import load_scores

        frames = load_scores(name, runtime)
        decided = (
            _of_pilot(planned, power, frames, runtime, stated)
            if pilot
            else _of_own(planned, power, frames, stated)
        )
    if effect is not None and decided is None:
        raise HarnessError(
            f"--effect: {planned.run_name} has no trials that show the scatter of its contrasts: "
            "name an earlier run, as in --pilot RUN"
        )
    return replace(power, detectable=decided)


def course(planned: Plan, runtime: Runtime, pilot: str | None = None) -> "Course | None":
    """How many trials a sequential study takes; None of another one, or after its first look.

    By the effects and the scatter of a pilot, where that has all contrasts.
    """
    looks = planned.looks
    if looks is None or looks.taken:
        return None
    from harness.analysis.course import foresee
    from harness.plan.sequential import Spread, design

    known = _truths(pilot, runtime) if pilot else {}
    whole = set(looks.contrasts) <= set(known)
    truths = [known[name] for name in looks.contrasts] if whole else []
    return foresee(design(looks), Spread.of(planned), truths, pilot if pilot and truths else "")


def _truths(pilot: str, runtime: Runtime) -> "dict[str, Truth]":
    """Contrast → its effect and scatter in a pilot, of those that two seeds finished."""
    from harness.analysis.course import Truth
    from harness.analysis.effects import estimate_effects
    from harness.analysis.frame import each_row, load_scores

    rows = each_row(estimate_effects(load_scores(pilot, runtime)))
    return {row.contrast: Truth(row.effect, row.sd, row.margin) for row in rows if row.n > 1}


def _stated(planned: Plan, effect: float | None) -> float | None:
    """An effect as the objective measures it."""
    if effect is None:
        return None
    from harness.analysis.objectives import objective  # with NumPy

    if not (math.isfinite(effect) and effect > 0):
        raise HarnessError(
            f"--effect: give the size of an effect, a number above 0, as in --effect 20 (given: "
            f"{show.plain(effect)})"
        )
    return effect / objective(planned.file.study.objective).scale


def _of_own(
    planned: Plan, power: Reach, frames: "Scores", stated: float | None
) -> Detectable | None:
    """From its own run; None if that is of an earlier state of the study file."""
    from harness.analysis.power import detectable, scored_alike

    if frames.plan.objective != planned.file.study.objective:
        return None
    alike = scored_alike(frames, _request(planned), None)
    return detectable(power, planned.contrasts, alike, stated) if alike else None


def _of_pilot(
    planned: Plan, power: Reach, frames: "Scores", runtime: Runtime, stated: float | None
) -> Detectable:
    from harness.analysis.power import detectable, scored_alike

    name, asked = frames.plan.run_name, planned.file.study.objective
    if frames.plan.objective != asked:
        raise HarnessError(
            f"--pilot {name}: its objective is {frames.plan.objective}, but that of "
            f"{planned.run_name} is {asked}; their spreads are not comparable"
        )
    scored = sorted(set(frames.trials["identity"].dropna()))
    known = _identity(planned, runtime)
    alike = scored_alike(frames, _request(planned), known)
    if scored and alike is None:
        raise HarnessError(
            f"--pilot {name}: it was scored as {', '.join(scored)}, and {planned.run_name} is "
            f"scored as {known or _described(planned)}: KIDs of different metric identity are not "
            "comparable"
        )
    decided = detectable(power, planned.contrasts, alike, stated) if alike else None
    if decided is None:
        raise HarnessError(f"--pilot {name}: no contrast has values of two seeds there")
    return decided


def _request(planned: Plan) -> str:
    return metric_request(planned.cells[0].config)


def _identity(planned: Plan, runtime: Runtime) -> str | None:
    """The metric identity of a plan, if one of its trials has been scored."""
    request = _request(planned)
    identities = (Record(runtime.trials / trial.key).metric(request) for trial in planned.trials)
    return next((identity for identity in identities if identity), None)


def _described(planned: Plan) -> str:
    """The metric of a plan, as far as it is known before anything is scored."""
    config = planned.cells[0].config
    asked, data = config.evaluation, config.data
    count = f", {asked.samples} images" if asked.samples else ""
    return (
        f"{asked.protocol} by {asked.encoder} against {data.name} at {data.image_size} px{count} "
        f"(request {_request(planned)})"
    )
