"""Power analysis of a plan, from its seeds and an earlier run."""

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.config.identity import metric_request
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.plan.expand import Plan
from harness.plan.reach import Detectable, Reach
from harness.runs.layout import run_names
from harness.runs.trial import Trial as Record

if TYPE_CHECKING:
    from harness.analysis.course import Course
    from harness.analysis.frame import Frames


def reach(planned: Plan, runtime: Runtime, pilot: str | None = None) -> Reach:
    """Power of the tests of a plan, with detectable effects if there is a pilot or a run of it.

    A pilot with another objective or metric is refused.
    """
    power, name = Reach.of(planned), pilot or planned.run_name
    if not pilot and name not in run_names(runtime):
        return power
    from harness.analysis.frame import load

    frames = load(name, runtime)
    size = _of_pilot(planned, power, frames, runtime) if pilot else _of_own(planned, power, frames)
    return replace(power, detectable=size)


def course(planned: Plan, runtime: Runtime, pilot: str | None = None) -> "Course | None":
    """How many trials a sequential study takes; None of another one, or after its first look.

    By the effects and the scatter of a pilot, where that has all contrasts.
    """
    looks = planned.record().looks
    if looks is None or looks.taken:
        return None
    from harness.analysis.course import Truth, foresee
    from harness.analysis.effects import estimate_effects
    from harness.analysis.frame import each_row, load
    from harness.plan.sequential import Spread, design

    truths: list[Truth] = []
    if pilot:
        rows = each_row(estimate_effects(load(pilot, runtime)))
        known = {row.contrast: Truth(row.effect, row.sd, row.margin) for row in rows if row.n > 1}
        if set(looks.contrasts) <= set(known):
            truths = [known[name] for name in looks.contrasts]
    return foresee(design(looks), Spread.of(planned), truths, pilot if pilot and truths else "")


def _of_own(planned: Plan, power: Reach, frames: "Frames") -> Detectable | None:
    """From its own run; None if that is of an earlier state of the study file."""
    from harness.analysis.power import detectable, scored_alike

    if frames.plan.objective != planned.file.study.objective:
        return None
    alike = scored_alike(frames, _request(planned), None)
    return detectable(power, planned.contrasts, alike) if alike else None


def _of_pilot(planned: Plan, power: Reach, frames: "Frames", runtime: Runtime) -> Detectable:
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
    size = detectable(power, planned.contrasts, alike) if alike else None
    if size is None:
        raise HarnessError(f"--pilot {name}: no contrast has values of two seeds there")
    return size


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
