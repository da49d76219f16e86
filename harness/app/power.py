"""What the tests of a plan can find, and how large an effect by an earlier run."""

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
    from harness.analysis.frame import Frames


def reach(of: Plan, runtime: Runtime, pilot: str | None = None) -> Reach:
    """What the tests of a plan can find; how large an effect, where a pilot or its own run says.

    A pilot that was judged by another objective or another metric is refused.
    """
    found, name = Reach.of(of), pilot or of.run_name
    if not pilot and name not in run_names(runtime):
        return found
    from harness.analysis.frame import load

    frames = load(name, runtime)
    size = _of_pilot(of, found, frames, runtime) if pilot else _of_own(of, found, frames)
    return replace(found, detectable=size)


def _of_own(of: Plan, found: Reach, frames: "Frames") -> Detectable | None:
    """By its own run, which may be of an earlier state of the study file, and then says nothing."""
    from harness.analysis.power import detectable, scored_alike

    if frames.plan["objective"] != of.file.study.objective:
        return None
    alike = scored_alike(frames, _request(of), None)
    return detectable(found, of.contrasts, alike) if alike else None


def _of_pilot(of: Plan, found: Reach, frames: "Frames", runtime: Runtime) -> Detectable:
    from harness.analysis.power import detectable, scored_alike

    name, asked = frames.plan["run_name"], of.file.study.objective
    if frames.plan["objective"] != asked:
        raise HarnessError(
            f"--pilot {name}: it is judged by the objective {frames.plan['objective']}, and "
            f"{of.run_name} by {asked}: their scatter does not compare"
        )
    scored = sorted(set(frames.trials["identity"].dropna()))
    known = _identity(of, runtime)
    alike = scored_alike(frames, _request(of), known)
    if scored and alike is None:
        raise HarnessError(
            f"--pilot {name}: it was scored as {', '.join(scored)}, and {of.run_name} is scored as "
            f"{known or _described(of)}: KIDs of different metric identity do not compare"
        )
    size = detectable(found, of.contrasts, alike) if alike else None
    if size is None:
        raise HarnessError(f"--pilot {name}: no two seeds of a contrast have a value there")
    return size


def _request(of: Plan) -> str:
    return metric_request(of.cells[0].config)


def _identity(of: Plan, runtime: Runtime) -> str | None:
    """The metric identity that a plan's request stands for, if one of its trials was scored."""
    request = _request(of)
    found = (Record(runtime.trials / trial.key).metric(request) for trial in of.trials)
    return next((identity for identity in found if identity), None)


def _described(of: Plan) -> str:
    """The metric of a plan, as far as it is known before anything is scored."""
    config = of.cells[0].config
    asked, data = config.evaluation, config.data
    count = f", {asked.samples} images" if asked.samples else ""
    return (
        f"{asked.protocol} by {asked.encoder} against {data.name} at {data.image_size} px{count} "
        f"(request {_request(of)})"
    )
