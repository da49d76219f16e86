"""Which evaluations an objective averages, and whether the reference still learns in them."""

import math
from typing import NamedTuple

from harness.analysis.effects import margin
from harness.analysis.frame import Frames
from harness.config.patch import schedule
from harness.config.trial import Schedule
from harness.runs.status import Status


class Window(NamedTuple):
    """Evaluations that an objective is the mean of, by number and by images shown (kimg)."""

    first: int
    last: int  # of all: as many as the training has
    before: float  # kimg at the evaluation before the first; NaN where it is not scored
    start: float
    end: float

    @property
    def shaded(self) -> tuple[float, float]:
        """From where to where a figure shades it: from half way after the evaluation before."""
        known = math.isfinite(self.before)
        return ((self.before + self.start) / 2 if known else self.start, self.end)


class Falling(NamedTuple):
    """By how much the reference's KID still falls over the last fifth, where that is a lot."""

    fall: float  # KID, mean over the `n` finished trials
    margin: float  # of equivalence, which the fall exceeds
    n: int
    start: float  # kimg
    end: float


def window(frames: Frames, cell: str, identity: str | None) -> Window | None:
    """Window of a cell's `final` objective; None of another one, or before it is reached."""
    if frames.plan.objective != "final":
        return None
    wanted = _schedule(frames, cell).window
    kimg = frames.curves_of(cell, identity).groupby("evaluation")["kimg"].mean()
    if not {wanted[0], wanted[-1]} <= set(kimg.index):
        return None
    first, last = wanted[0], wanted[-1]
    before = kimg.get(first - 1, math.nan)  # a trial scored again may lack it
    return Window(first, last, float(before), float(kimg[first]), float(kimg[last]))


def falling(frames: Frames, identity: str | None) -> Falling | None:
    """Whether a ranking is one of speed: the reference falls by more than counts as a difference.

    From the evaluation before the last fifth to the last one. None where it does not, where that
    evaluation is unknown or untrained, and of objectives that ask for speed (`area`, a time).
    """
    if frames.plan.objective not in ("final", "best"):
        return None
    cell = frames.plan.reference
    wanted = _schedule(frames, cell).window
    first, last = wanted[0] - 1, wanted[-1]
    curves = frames.curves_of(cell, identity)
    curves = curves[curves["status"] == Status.FINISHED]
    kids = curves.pivot_table("kid", "seed", "evaluation", aggfunc="first")
    if first < 1 or not {first, last} <= set(kids.columns):
        return None
    falls = (kids[first] - kids[last]).dropna()
    kimg = curves.groupby("evaluation")["kimg"].mean()
    half = margin(frames, identity)
    if falls.empty or not falls.mean() > half:  # a margin that is unknown is exceeded by nothing
        return None
    ends = (float(kimg[first]), float(kimg[last]))
    return Falling(float(falls.mean()), half, len(falls), *ends)


def last_kid(frames: Frames, cell: str, identity: str | None) -> float:
    """Mean KID of the last evaluation of a cell's finished trials; NaN where there is none."""
    curves = frames.curves_of(cell, identity)
    last = curves[curves["evaluation"] == _schedule(frames, cell).evaluations]
    return float(last.loc[last["status"] == Status.FINISHED, "kid"].mean())


def _schedule(frames: Frames, cell: str) -> Schedule:
    return schedule(frames.configs[cell])
